import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Seals secrets at rest: AES-256-GCM, each value bound to its owner's id and naming the master key it needs. */
export interface Sealer {
  /** @param owner what the value belongs to; it can be opened for no other */
  seal(plain: Uint8Array, owner: string): string
  open(sealed: string, owner: string): Uint8Array
}

/** `v1.<master key id>.<nonce ‖ ciphertext ‖ tag, base64url>` */
export function createSealer(masterKey: Uint8Array): Sealer {
  if (masterKey.length !== KEY_BYTES) throw new TypeError(`A master key is ${KEY_BYTES} bytes; this one is ${masterKey.length}.`)
  const masterKeyId = createHash('sha256').update('countersign master key id').update(masterKey).digest('hex').slice(0, 8)
  return {
    seal(plain, owner) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', masterKey, nonce).setAAD(Buffer.from(owner))
      const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
      return `v1.${masterKeyId}.${sealed.toString('base64url')}`
    },
    open(sealed, owner) {
      const [version, keyId, text = ''] = sealed.split('.')
      if (version !== 'v1') throw new TypeError('This sealed value has an unknown version.')
      if (keyId !== masterKeyId)
        throw new TypeError(
          `This value is sealed with the master key ${keyId}, and ${masterKeyId} was given: use the master key file that belongs to this database.`,
        )
      const bytes = Buffer.from(text, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    },
  }
}

/** Reads the master key file, or makes one that only its owner can read. It holds 32 bytes as base64url. */
export function readMasterKey(file: string): Uint8Array {
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(KEY_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  return Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')
}
