import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const bin = fileURLToPath(new URL('../packages/cli/bin/countersign.js', import.meta.url))

export interface Listening {
  readonly origin: string
  readonly port: number
  /** All that was printed. */
  text(): string
  /** The lines of JSON, one for each request, once there are so many. */
  entries(count: number): Promise<readonly Record<string, unknown>[]>
  /** Waits until this is printed. */
  printed(text: string): Promise<void>
  isRunning(): boolean
  stop(): Promise<number | null>
}

/** Starts `countersign listen` on any free port. */
export async function listen(args: readonly string[], env: Record<string, string | undefined>): Promise<Listening> {
  const child = spawn(process.execPath, [bin, 'listen', ...(args.includes('--port') ? [] : ['--port', '0']), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  })
  let text = ''
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    stdout += piece
  })
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const ended = once(child, 'close')
  await expect.poll(() => /http:\/\/[^\s"]+/.test(text) || child.exitCode !== null, { timeout: 20_000 }).toBe(true)
  const [origin] = /http:\/\/[^\s"]+/.exec(text) ?? []
  if (origin === undefined) throw new Error(`It ended with ${child.exitCode}: ${text}`)
  const lines = (): readonly Record<string, unknown>[] =>
    stdout
      .split('\n')
      .slice(1)
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Record<string, unknown>)
  return {
    origin,
    port: Number(new URL(origin).port),
    text: () => text,
    async entries(count) {
      await expect.poll(() => stdout.split('\n').length - 2, { timeout: 20_000 }).toBeGreaterThanOrEqual(count)
      return lines()
    },
    async printed(wanted) {
      await expect.poll(() => text, { timeout: 20_000 }).toContain(wanted)
    },
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      if (child.exitCode === null) child.kill('SIGINT')
      await ended
      return child.exitCode
    },
  }
}

export interface Received {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface Target {
  readonly port: number
  readonly received: Received[]
  close(): void
}

/** What calls are forwarded to: keeps them as they came. */
export async function startTarget(
  answer: (response: ServerResponse, received: Received) => void = response => response.end('taken'),
): Promise<Target> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = '', url = '', rawHeaders, headers } = request
      const one = { method, url, rawHeaders, headers, body: Buffer.concat(pieces) }
      received.push(one)
      answer(response, one)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    received,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
