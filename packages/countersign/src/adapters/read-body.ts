import type { IncomingMessage } from 'node:http'
import { concatBytes } from '../wire/encoding.ts'
import { announcedLength } from './announced-length.ts'

/** The error for a body whose client left before it was whole. */
export function clientGone(): Error {
  return Object.assign(new Error('The client went away before its body was read.'), { code: 'ECONNABORTED' })
}

/** Reads a body, and stops at the limit. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
  const announced = announcedLength(request)
  if (announced === 0) return Promise.resolve(undefined)
  if (announced !== undefined && announced > maxBytes) return Promise.resolve('too-large')
  if (request.readableEnded) {
    return Promise.reject(
      new TypeError('The body was read before it could be verified: put requireSignature in front of every body parser.'),
    )
  }
  if (request.destroyed && !request.complete) return Promise.reject(clientGone())
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let length = 0
    request.on('data', (piece: Uint8Array) => {
      length += piece.length
      if (length > maxBytes) {
        request.pause()
        resolve('too-large')
      } else pieces.push(piece)
    })
    request.once('end', () => resolve(pieces.length === 1 ? pieces[0] : concatBytes(pieces)))
    request.once('error', reject)
    request.once('close', () => reject(clientGone()))
  })
}
