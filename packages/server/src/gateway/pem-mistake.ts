import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

type Pem = string | Buffer | undefined

/** Which of certificates and key can't be used, and why, for the end of a sentence that names it. */
export interface PemMistake {
  readonly of: 'ca' | 'cert' | 'key'
  readonly what: string
}

/** Looks at what TLS is to be spoken with: each by itself, then all together. */
export function pemMistake(pems: { readonly ca?: Pem; readonly cert?: Pem; readonly key?: Pem }): PemMistake | undefined {
  const { ca, cert, key } = pems
  for (const of of ['ca', 'cert'] as const)
    if (pems[of] !== undefined && !isCertificate(pems[of])) return { of, what: 'holds no certificate in PEM' }
  if (key !== undefined && !isPrivateKey(key))
    return { of: 'key', what: "can't be read as PEM: it has no private key, or one with a passphrase" }
  // OpenSSL takes a key of another kind than the certificate, and every handshake fails then.
  if (cert !== undefined && key !== undefined && !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    return { of: 'key', what: "doesn't belong to the certificate" }
  try {
    createSecureContext({ ca, cert, key })
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { of: cert === undefined ? 'ca' : 'cert', what: `can't be used (${message})` }
  }
}

/** All that is in it: Node passes over a certificate of an authority that is damaged. */
function isCertificate(pem: string | Buffer): boolean {
  const text = String(pem)
  if (!/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(text)) return false
  try {
    for (const [one] of text.matchAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)) new X509Certificate(one)
    return true
  } catch {
    return false
  }
}

function isPrivateKey(pem: string | Buffer): boolean {
  try {
    createPrivateKey(pem)
    return true
  } catch {
    return false
  }
}
