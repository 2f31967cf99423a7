import { checkPassphrase } from '../keys/passphrase.ts'
import { readSecretBytes } from '../keys/secret-bytes.ts'
import { carriedMac, type SignerFeatures } from '../scheme/scheme.ts'
import { textMessage } from '../wire/message.ts'

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
