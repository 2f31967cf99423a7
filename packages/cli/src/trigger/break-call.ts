import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Credentials, isDeclared, type Scheme } from 'countersign'
import { UsageError } from '../process/exit.ts'

/** What can be wrong on purpose. */
export const BREAKS = ['secret', 'body', 'json', 'time'] as const
export type Break = (typeof BREAKS)[number]

/** An hour: no verifier takes a call that is that old. */
export const LATE_MS = 3_600_000

/** Credentials that look like the given ones, and are not. */
export async function otherCredentials(scheme: Scheme, credentials: Credentials): Promise<Credentials> {
  if (credentials.privateKey !== undefined) return { ...credentials, privateKey: otherPrivateKey(createPrivateKey(credentials.privateKey)) }
  // Loaded here, so that the other commands start without a database.
  const { newSecret } = await import('@countersign/server/store')
  return { ...credentials, secret: newSecret(scheme) }
}

/** Of the same kind, in PEM. */
function otherPrivateKey(key: KeyObject): string {
  return String(otherPair(key).privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

function otherPair({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  switch (asymmetricKeyType) {
    case 'ed25519':
      return generateKeyPairSync('ed25519')
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: asymmetricKeyDetails?.namedCurve ?? 'prime256v1' })
    default:
      return generateKeyPairSync('rsa', { modulusLength: asymmetricKeyDetails?.modulusLength ?? 2048 })
  }
}

/**
 * The body that is sent in the place of the signed one: with other content, or the same JSON written anew, as a proxy
 * or a parser does.
 *
 * @throws UsageError `break-not-possible`
 */
export function otherBody(body: Uint8Array | undefined, how: 'body' | 'json'): Uint8Array {
  if (body === undefined || body.length === 0)
    throw new UsageError('break-not-possible', `--break ${how} wants a call with a body: give --data.`)
  if (how === 'body') return changeContent(body)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new UsageError('break-not-possible', '--break json wants a body in JSON, and this one is not.')
  }
  const pretty = new TextEncoder().encode(JSON.stringify(value, undefined, 2))
  return Buffer.compare(pretty, body) === 0 ? new TextEncoder().encode(JSON.stringify(value)) : pretty
}

/** Changes the last digit, or else the last letter, so that JSON stays JSON and a form a form. */
function changeContent(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString('latin1')
  const at = lastOf(text, /[0-9]/g) ?? lastOf(text, /[A-Za-z]/g)
  if (at === undefined) return Uint8Array.from([...body, 0x20])
  const changed = Uint8Array.from(body)
  const byte = changed[at] ?? 0
  // The next one; a digit stays a digit, and a letter one of its case.
  changed[at] = LAST_OF_A_KIND.includes(byte) ? byte - 1 : byte + 1
  return changed
}

function lastOf(text: string, kind: RegExp): number | undefined {
  return [...text.matchAll(kind)].at(-1)?.index
}

/** 9, Z and z. */
const LAST_OF_A_KIND: readonly number[] = [0x39, 0x5a, 0x7a]

/** Whether a call's time is a part of what is signed. */
export function signsTime(scheme: Scheme): boolean {
  return !isDeclared(scheme) || scheme.declaration.timestamp !== undefined
}
