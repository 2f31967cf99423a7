import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyStore } from '@countersign/server'
import { ALL_PERMISSIONS } from './permissions.ts'

/** A demo key, whose secret lies in a file that only its owner can read. */
export interface DemoKey {
  readonly name: string
  readonly id: string
  readonly secretFile: string
}

/** One that may do everything, and one that may only read the balance. */
const WANTED: readonly { readonly name: string; readonly permissions: readonly string[] }[] = [
  { name: 'demo', permissions: ALL_PERMISSIONS },
  { name: 'demo-balance', permissions: ['balance'] },
]

const ACTOR = { name: 'sandbox', address: '' }

/** Finds the demo keys of an earlier start, or makes them. */
export async function keepDemoKeys(directory: string, organisationId: string, keys: KeyStore): Promise<readonly DemoKey[]> {
  const list = join(directory, 'demo-keys.json')
  const secretFile = (name: string): string => join(directory, `${name}.secret`)
  if (!existsSync(list)) {
    const made: { name: string; id: string }[] = []
    for (const { name, permissions } of WANTED) {
      const { key, secret } = await keys.create(ACTOR, organisationId, { name, permissions: [...permissions] })
      writeFileSync(secretFile(name), `${secret}\n`, { mode: 0o600 })
      made.push({ name, id: key.id })
    }
    writeFileSync(list, `${JSON.stringify(made)}\n`)
  }
  const listed: readonly { name: string; id: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  return listed.map(({ name, id }) => ({ name, id, secretFile: secretFile(name) }))
}
