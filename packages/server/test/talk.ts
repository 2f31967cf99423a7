import { connect, type Socket } from 'node:net'

/** Those that are open. */
export const sockets = new Set<Socket>()

/** Sends bytes; `text` is what has come back so far. */
export function talk(port: number, bytes: string): { socket: Socket; text: () => string; ended: Promise<unknown> } {
  const socket = connect(port, '127.0.0.1')
  sockets.add(socket)
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', piece => {
    answer += piece
  })
  socket.on('error', () => undefined)
  socket.write(bytes)
  const ended = new Promise(resolve => socket.on('close', resolve))
  void ended.then(() => sockets.delete(socket))
  return { socket, text: () => answer, ended }
}
