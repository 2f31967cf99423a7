import { inTurn, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { FillHashes } from './compile.ts'

/** Works out the hashes that the message holds and puts them into the call, each after those it is made of. */
export const fillHashes: FillHashes = (crypto, hashes, call) =>
  inTurn(hashes, ({ digest, encoding, write }, index) => {
    const content = write(call)
    const hash: MaybePromise<string | Uint8Array> =
      encoding === 'raw' ? crypto.hash(digest, content) : crypto.hashText(digest, content, encoding)
    return whenReady(hash, value => {
      call.hashes[index] = value
    })
  })
