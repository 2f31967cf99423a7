import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { withManager } from '../keys/store-options.ts'
import { UsageError } from '../process/exit.ts'
import { profileFile, saveProfile } from '../signing/profiles.ts'
import type { Answers } from './answers.ts'
import { GATEWAY_FILE, gatewayText, STORE_FILE } from './gateway-file.ts'
import { ignoreSecrets } from './gitignore.ts'
import { nextCommands } from './next-commands.ts'

/** What was made, and what there is to do with it. Holds no secret. */
export interface Made {
  readonly purpose: Answers['purpose']
  readonly scheme: string
  readonly folder: string
  /** Absolute paths of the files that were written. */
  readonly files: readonly string[]
  readonly profile: string
  /** The key's id, where calls name one. */
  readonly keyId: string | null
  /** No secret was given, so there is one to try it out with. */
  readonly hasMadeUpSecret: boolean
  readonly ignored: readonly string[]
  readonly next: readonly [string, string, string]
}

/** The id of a key that was made up. */
const TEST_KEY_ID = 'test-key'

/** Makes all of it, or nothing where something is in the way. @throws UsageError `already-there`, `folder-missing` */
export async function make(answers: Answers, isForced: boolean): Promise<Made> {
  const { purpose, scheme, schemeName, schemeFile, name, folder, upstream } = answers
  const gatewayFile = purpose === 'protect' ? join(folder, GATEWAY_FILE) : undefined
  const written = [schemeFile?.path, gatewayFile].filter(path => path !== undefined)
  const store = join(folder, STORE_FILE)
  const isThere = [...written, ...(purpose === 'protect' ? [store] : [])].filter(path => existsSync(path))
  const inTheWay = [...isThere, ...(existsSync(profileFile(name)) ? [`the profile ${name}`] : [])]
  if (inTheWay.length > 0 && !isForced)
    throw new UsageError(
      'already-there',
      `Nothing was made, since these are there: ${inTheWay.join(', ')}. --name gives other names, and --force writes them anew; a key store is kept, and gets one more key.`,
    )
  // A wrong secret is told before anything is written.
  const key = purpose === 'protect' ? undefined : await credentialsOf(answers)
  mkdirSync(folder, { recursive: true })
  const ignored = ignoreSecrets(folder)
  if (schemeFile !== undefined) writeFileSync(schemeFile.path, schemeFile.text)
  if (gatewayFile !== undefined) writeFileSync(gatewayFile, gatewayText(upstream, schemeName))
  const { madeStore, ...credentials } = key ?? (await makeKey(store, answers))
  const profile = saveProfile(name, { scheme: schemeFile?.path ?? schemeName, ...credentials })
  return {
    purpose,
    scheme: scheme.name,
    folder,
    files: [...written, ...(madeStore ?? []), profile],
    profile: name,
    keyId: credentials.apiKey ?? null,
    hasMadeUpSecret: purpose !== 'protect' && answers.secret === undefined,
    ignored,
    next: nextCommands(answers),
  }
}

interface FirstKey {
  readonly apiKey?: string
  readonly secret: string
  readonly passphrase?: string
  /** The files that are new. */
  readonly madeStore?: readonly string[]
}

/** @throws CountersignError what is wrong with the secret */
async function credentialsOf({ scheme, keyId, secret, passphrase }: Answers): Promise<FirstKey> {
  // Loaded here, so that the other commands start without a database.
  const { newPassphrase, newSecret } = await import('@countersign/server/store')
  const key = {
    ...(scheme.keyId === 'none' ? {} : { apiKey: keyId ?? TEST_KEY_ID }),
    secret: secret ?? newSecret(scheme),
    ...passphraseOf(),
  }
  createSigner(scheme, { keyId: key.apiKey, secret: key.secret, passphrase: key.passphrase })
  return key

  /** One that goes with a secret that was given can't be made up: then the signer says that it is missing. */
  function passphraseOf(): { readonly passphrase?: string } {
    if (passphrase !== undefined) return { passphrase }
    return scheme.hasPassphrase && secret === undefined ? { passphrase: newPassphrase() } : {}
  }
}

async function makeKey(store: string, { name, schemeName }: Answers): Promise<FirstKey> {
  const isNew = !existsSync(store)
  return await withManager({ store }, async manager => {
    const { key, secret, passphrase } = await manager.create({ name, scheme: schemeName })
    if (secret === null) throw new UsageError('secret-missing', `The store made no secret for ${schemeName}.`)
    return {
      apiKey: key.id,
      secret,
      ...(passphrase === null ? {} : { passphrase }),
      madeStore: [...(isNew ? [store] : []), ...(manager.madeMasterKeyFile === undefined ? [] : [manager.madeMasterKeyFile])],
    }
  })
}
