import { CountersignError, createKey, type Key, type Scheme } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { ServerError } from '../errors.ts'
import { readPublicKeyText } from './public-key-text.ts'

/** A key that is made only to be checked has some passphrase, where its scheme wants one. */
export const anyPassphrase = ({ hasPassphrase }: Scheme): { readonly passphrase?: string } => (hasPassphrase ? { passphrase: 'x' } : {})

/** As the library reads it; what it refuses is the caller's mistake. */
export function checkedKey(...[scheme, description]: Parameters<typeof createKey>): Key {
  const { addresses, publicKey: given, ...rest } = description
  // A scheme of secrets refuses any.
  const publicKey = given === undefined || scheme.keys === 'secret' ? given : readPublicKeyText(given)
  try {
    return createKey(scheme, { ...rest, publicKey, ...(addresses === undefined || addresses.length === 0 ? {} : { addresses }) })
  } catch (error) {
    if (error instanceof CountersignError) throw new ServerError(error.code, 400, error.message)
    throw error
  }
}

/** @throws ServerError 400 for what is no address or range */
export function checkedAddresses(addresses: readonly string[]): void {
  if (addresses.length > 0) checkedKey(qredoV1, { id: 'x', secret: new Uint8Array(32), addresses })
}
