/** What the rows of the table share: the server they listen with, and what their handlers answer. */
import { createServer } from 'node:http'
import { overHttp1 } from '../packages/countersign/test/body-senders.ts'

/**
 * @typedef {object} Options
 * @property {import('countersign').Verifier} verifier
 * @property {() => void} handled called where a call comes to the handler
 * @property {(error: unknown) => void} onError
 */

/** For servers that don't tell which one they took. */
export async function freePort() {
  const { port, close } = await listening(createServer())
  await close()
  return port
}

/** Starts a server of `node:http`, for clients of a real socket. */
export async function listening(server) {
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    send: overHttp1,
    port: server.address().port,
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(resolve))
    },
  }
}

/** What a handler saw: the bytes that were verified, and those that it, or a parser behind the check, read. */
export function echo(verified, read) {
  return { verified: Buffer.from(verified.body ?? []).toString(), read: Buffer.from(read ?? []).toString() }
}

/** What a parser of JSON made, as the text that it was; `''` for what parsers say where there was nothing. */
export function textOf(parsed) {
  const isEmpty = parsed === undefined || parsed === null || (typeof parsed === 'object' && Object.keys(parsed).length === 0)
  return isEmpty ? '' : JSON.stringify(parsed)
}
