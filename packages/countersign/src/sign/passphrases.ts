import { textMessage } from '../message.ts'
import { checkPassphrase } from '../passphrase.ts'
import { carriedMac, type SignerFeatures } from '../scheme.ts'
import { readSecretBytes } from '../secret-bytes.ts'

/**
 * For schemes that want a passphrase, which travels as it is or signed with the secret (`{passphrase|hmac|base64}`).
 */
export const passphrases: Required<Pick<SignerFeatures, 'passphrases'>> = {
  passphrases(scheme, credentials, crypto) {
    const { secret, passphrase } = credentials
    checkPassphrase(scheme, passphrase)
    const mac = carriedMac(scheme)
    if (mac === undefined) return undefined
    const sign = crypto.hmac(scheme.algorithm.digest, readSecretBytes(scheme, secret, credentials), mac)
    return () => sign(textMessage(passphrase ?? ''))
  },
}
