import { templateOf } from '../recipe/template-of.ts'
import { carriesOf } from '../scheme/carries.ts'
import { type Carried, isDeclared, type Scheme } from '../scheme/scheme.ts'
import { findMistakes } from './mistakes.ts'
import { describeOnly } from './only.ts'

/** What a scheme is, in words that are derived from it: for pages, help texts and OpenAPI. */
export interface SchemeDescription {
  /** The template of what is signed; in words where the client chooses that. */
  readonly message: string
  readonly algorithm: string
  readonly key: string
  readonly timestamp: string
  readonly signature: string
  /** Every header, query or body parameter that a call carries. */
  readonly carried: readonly Carried[]
  /** Which calls a verifier takes without the option `only`; empty where the scheme signs everything. */
  readonly takes: string
  /** What people get wrong, each with what is right. */
  readonly mistakes: readonly string[]
}

export function describeScheme(scheme: Scheme): SchemeDescription {
  const [algorithm, ...others] = scheme.algorithms
  return {
    message: scheme.base?.signs ?? templateOf(scheme.message),
    algorithm: others.length === 0 ? algorithm : `${algorithm}; or, as the key is, ${others.join(', ')}`,
    key: describeKey(scheme),
    timestamp: describeTimestamp(scheme),
    signature: ENCODINGS[scheme.signature.encoding],
    carried: carriesOf(scheme),
    takes: describeOnly(scheme.only),
    mistakes: findMistakes(scheme),
  }
}

const ENCODINGS = {
  hex: 'hexadecimal, lower case',
  'hex-upper': 'hexadecimal, upper case',
  base64: 'base64, padded',
  'base64-unpadded': 'base64, without padding',
  base64url: 'base64url, without padding',
  'base64url-padded': 'base64url, padded',
} as const

function describeKey({ keys, secret, hasPassphrase }: Scheme): string {
  const written = {
    utf8: 'used as its UTF-8 bytes',
    hex: 'hexadecimal, decoded before use',
    base64: 'base64 (either alphabet, padded or not), decoded before use',
  }[secret.encoding]
  const text = `a secret, ${written}${secret.prefix === '' ? '' : `, after ${secret.prefix}`}`
  const pair = 'a key pair in PEM'
  return `${keys === 'secret' ? text : keys === 'key-pair' ? pair : `${text}; or ${pair}`}${hasPassphrase ? ', and a passphrase' : ''}`
}

/** The formats of the declaration; a scheme with logic says it in words. */
function describeTimestamp(scheme: Scheme): string {
  if (!isDeclared(scheme)) return scheme.base?.timestamp ?? 'none'
  const { timestamp } = scheme
  if (timestamp === undefined) return 'none'
  return `${timestamp.formats.join(', ')}${timestamp.meaning === 'expires' ? ' (until when the call holds)' : ''}`
}
