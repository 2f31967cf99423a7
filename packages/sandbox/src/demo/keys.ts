import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyStore } from '@countersign/server'
import { qredoPartner, qredoV1, rfc9421 } from 'countersign/schemes'
import { ALL_PERMISSIONS, PARTNER_PERMISSIONS } from '../permissions.ts'
import { ACTOR, type DemoAccounts } from './accounts.ts'

/** A demo key, whose secret lies in a file that only its owner can read. */
export interface DemoKey {
  readonly name: string
  readonly id: string
  readonly scheme: string
  /** The secret; for the Partner API, the private key in PEM. */
  readonly secretFile: string
}

interface Wanted {
  readonly name: string
  readonly of: keyof DemoAccounts
  readonly scheme: string
  readonly permissions: readonly string[]
}

const WANTED: readonly Wanted[] = [
  { name: 'demo', of: 'organisationId', scheme: qredoV1.name, permissions: ALL_PERMISSIONS },
  { name: 'demo-balance', of: 'organisationId', scheme: qredoV1.name, permissions: ['balance'] },
  { name: 'demo-person', of: 'personId', scheme: qredoV1.name, permissions: ALL_PERMISSIONS },
  { name: 'demo-rfc9421', of: 'organisationId', scheme: rfc9421.name, permissions: ALL_PERMISSIONS },
  { name: 'demo-partner', of: 'organisationId', scheme: qredoPartner.name, permissions: PARTNER_PERMISSIONS.map(({ name }) => name) },
]

const RSA_BITS = 2048

/** Finds the demo keys of an earlier start, and makes those that are not there yet. */
export async function keepDemoKeys(directory: string, accounts: DemoAccounts, keys: KeyStore): Promise<readonly DemoKey[]> {
  const list = join(directory, 'demo-keys.json')
  const listed: { name: string; id: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
  const made: DemoKey[] = []
  for (const wanted of WANTED) {
    const { name, scheme } = wanted
    const isPair = scheme === qredoPartner.name
    const secretFile = join(directory, `${name}.${isPair ? 'pem' : 'secret'}`)
    let id = listed.find(known => known.name === name)?.id
    if (id === undefined) {
      const { key, text } = isPair ? await makePair(keys, wanted, accounts) : await makeSecret(keys, wanted, accounts)
      writeFileSync(secretFile, text, { mode: 0o600 })
      id = key
      listed.push({ name, id })
      writeFileSync(list, `${JSON.stringify(listed)}\n`)
    }
    made.push({ name, id, scheme, secretFile })
  }
  return made
}

async function makeSecret(keys: KeyStore, { name, of, scheme, permissions }: Wanted, accounts: DemoAccounts) {
  const { key, secret } = await keys.create(ACTOR, accounts[of], { name, scheme, permissions: [...permissions] })
  return { key: key.id, text: `${secret}\n` }
}

/** As the Partner API's keys are: base64 of a JSON object, beside a key pair of the client's own. */
async function makePair(keys: KeyStore, { name, of, scheme, permissions }: Wanted, accounts: DemoAccounts) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const value = { key_id: randomBytes(11).toString('base64url'), key: randomBytes(33).toString('base64url') }
  const id = Buffer.from(JSON.stringify(value)).toString('base64url')
  await keys.import(ACTOR, accounts[of], { id, name, scheme, publicKey, permissions: [...permissions] })
  return { key: id, text: privateKey }
}
