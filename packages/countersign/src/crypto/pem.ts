import { concatBytes, fromBase64 } from '../encoding.ts'
import { CountersignError } from '../error.ts'

/** SEQUENCE { OID 1.2.840.113549.1.1.1 rsaEncryption, NULL }: RFC 8017 §A.1, DER. */
const RSA_ALGORITHM = Uint8Array.of(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00)

/**
 * The DER of an RSA key in PEM, wrapped as WebCrypto wants it: PKCS#8 for a private, SPKI for a public key. Takes those
 * and PKCS#1 (RFC 8017 §A.1).
 *
 * @throws CountersignError `private-key-malformed` or `public-key-malformed`
 */
export function readPem(pem: string, kind: 'private' | 'public'): Uint8Array<ArrayBuffer> {
  const label = kind.toUpperCase()
  const match = new RegExp(`-----BEGIN (RSA )?${label} KEY-----([A-Za-z0-9+/=\\s]+)-----END (RSA )?${label} KEY-----`).exec(pem)
  const der = match?.[2] === undefined ? undefined : fromBase64(match[2].replace(/\s/g, ''))
  if (der === undefined) {
    throw new CountersignError(
      `${kind}-key-malformed`,
      `The ${kind} key is not an RSA key in PEM: it begins with -----BEGIN ${label} KEY----- or -----BEGIN RSA ${label} KEY-----.`,
    )
  }
  if (match?.[1] === undefined) return Uint8Array.from(der)
  const wrapped =
    kind === 'private'
      ? [Uint8Array.of(2, 1, 0), RSA_ALGORITHM, element(0x04, der)]
      : [RSA_ALGORITHM, element(0x03, concatBytes([Uint8Array.of(0), der]))]
  return Uint8Array.from(element(0x30, concatBytes(wrapped)))
}

function element(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x10000
          ? [0x82, length >> 8, length & 0xff]
          : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return concatBytes([Uint8Array.of(tag, ...size), content])
}
