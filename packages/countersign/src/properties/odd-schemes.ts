import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { defineScheme } from '../define/define.ts'
import type { SchemeDeclaration } from '../scheme/declaration.ts'
import type { Scheme } from '../scheme/scheme.ts'

function declared(name: string, message: string): Scheme {
  const carried = { k: '{keyId}', t: '{timestamp}', s: '{signature}' }
  const declaration = {
    name,
    title: name,
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'] },
    signature: { encoding: 'hex' },
    headers: carried,
  }
  return defineScheme({ ...declaration, message: `{timestamp}\n${message}` } as SchemeDeclaration)
}

/** Schemes that sign less, or otherwise, than those of the registry. */
export const ODD_SCHEMES: readonly Scheme[] = [
  sigV4({ name: 'aws-sigv4-unsigned', region: 'r', service: 's', allowUnsignedPayload: true }),
  httpMessageSignatures({ name: 'rfc9421-digest', components: ['@method', '@target-uri', 'digest'] }),
  draftSignatures({ name: 'draft-12-content-digest', headers: ['(request-target)', 'host', 'date', 'content-digest'] }),
  sigV4({ name: 'aws-sigv4-s3', service: 's3', region: 'r' }),
  sigV4({ name: 'aws-sigv4-plus', plus: 'space' }),
  httpMessageSignatures({ name: 'rfc9421-parts', components: ['@method', '@path', '@query', 'x-a', 'content-digest'] }),
  draftSignatures({ name: 'draft-12-header', headers: ['(request-target)', 'host', 'date', 'x-a', 'digest'] }),
  declared('lower', '{method}\n{target|lower}\n{body}'),
  declared('sorted', '{method}\n{path}\n{query|sorted}\n{body|sha256|hex}'),
  declared('payload-and-body', '{body|sha256|hex}\n{payload}'),
  declared('path-and-query', '{method}\n{path}\n{query}\n{body}'),
  declared('payload', '{target}\n{payload}'),
  declared('method-and-payload', '{method}\n{path}\n{payload}'),
  declared('header', '{method}\n{target}\n{header.x-a}\n{body}'),
  declared('upper-header', '{method}\n{target}\n{header.x-a|upper}\n{body|upper}'),
  declared('encoded', '{method}\n{target|percent-encode}:{body|percent-encode}'),
]

/** What the caller itself states of the body, in schemes that have nobody compare it. */
export const STATED: { readonly [scheme: string]: { readonly [header: string]: string } } = {
  'rfc9421-digest': { digest: `SHA-256=${'A'.repeat(43)}=` },
  'draft-12-content-digest': { 'content-digest': `sha-256=:${'A'.repeat(43)}=:` },
  'aws-sigv4-unsigned': { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
}
