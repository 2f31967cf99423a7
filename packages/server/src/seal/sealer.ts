import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ServerError } from '../errors.ts'
import type { MasterKeys } from './master-keys.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Seals secrets at rest. A key management service fits behind it: what is sealed is text that names its master key. */
export interface Sealer {
  /** Of the master key that is sealed with now. */
  currentId(): Promise<string>
  /** @param owner what the value belongs to; it can be opened for no other */
  seal(plain: Uint8Array, owner: string): Promise<string>
  /** @throws ServerError `master-key-wrong`, `sealed-value-damaged`; what keeps a changed file from being read */
  open(sealed: string, owner: string): Promise<Uint8Array>
}

/** What every value begins with that is sealed with this master key. */
export function sealedPrefix(masterKeyId: string): string {
  return `v1.${masterKeyId}.`
}

/** AES-256-GCM, the owner's id as associated data: `v1.<master key id>.<nonce ‖ ciphertext ‖ tag, base64url>`. */
export function createSealer(masterKeys: MasterKeys): Sealer {
  return {
    async currentId() {
      await masterKeys.refresh?.()
      return masterKeys.current().id
    },
    async seal(plain, owner) {
      await masterKeys.refresh?.()
      const { id, bytes } = masterKeys.current()
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', bytes, nonce).setAAD(Buffer.from(owner))
      const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
      return sealedPrefix(id) + sealed.toString('base64url')
    },
    async open(sealed, owner) {
      const [version, id = '', text = ''] = sealed.split('.')
      const damaged = (): ServerError => new ServerError('sealed-value-damaged', 500, `The sealed value of ${owner} is damaged.`)
      if (version !== 'v1') throw damaged()
      let masterKey = masterKeys.find(id)
      if (masterKey === undefined) {
        await masterKeys.refresh?.()
        masterKey = masterKeys.find(id)
      }
      if (masterKey === undefined)
        throw new ServerError(
          'master-key-wrong',
          500,
          `This store is sealed with the master key ${id}, which is not in ${masterKeys.where}: give the key that belongs to this store. A backup that was made before a rotation of the master key wants the one of then: look where that was kept.`,
        )
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw damaged()
      try {
        const decipher = createDecipheriv('aes-256-gcm', masterKey.bytes, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(owner))
          .setAuthTag(bytes.subarray(-TAG_BYTES))
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
      } catch {
        throw damaged()
      }
    },
  }
}

/** Whether an error says that secrets can't be sealed or opened with the master key that there is. */
export function isMasterKeyProblem(error: unknown): boolean {
  return error instanceof ServerError && /^(?:master-key|vault)-/.test(error.code)
}
