import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = (name: string): string => fileURLToPath(new URL(`../bin/${name}.js`, import.meta.url))

if (!existsSync(fileURLToPath(new URL('../dist/countersign.js', import.meta.url))))
  throw new Error('The command is not built: run npm run build.')

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Record<string, string | undefined>
  readonly cwd?: string
  /** A file in the place of a pipe for standard output. */
  readonly output?: string
}

/** Runs the built command as a user would: a process of its own, with its own streams. */
export function run(
  name: 'countersign' | 'apitool',
  args: readonly string[],
  { input = '', env = {}, cwd, output }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin(name), ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['pipe', output === undefined ? 'pipe' : openSync(output, 'w'), 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

export interface RunningSandbox {
  readonly origin: string
  readonly keys: readonly { readonly name: string; readonly id: string; readonly secretFile: string }[]
  readonly wallet: string
  readonly workspace: string
  readonly folder: string
  /** As the machine would when it loses power. */
  kill(): Promise<void>
  stop(): Promise<number | null>
}

export interface RunningKeyServer {
  readonly origin: string
  /** The first start's. */
  readonly token: string | undefined
  /** What it has said on standard error. */
  said(): string
  /** As the machine would when it loses power. */
  kill(): Promise<void>
  stop(): Promise<number | null>
}

/** Starts a key server with the command itself, on any free port. */
export function startKeyServer(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Promise<RunningKeyServer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin('countersign'), 'server', '--json', '--port', '0', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      cwd,
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const ended = new Promise<number | null>(done => child.on('close', done))
    void ended.then(code => reject(new Error(`The server ended with ${code}: ${stderr}`)))
    child.on('error', reject)
    child.stdout.setEncoding('utf8').once('data', (line: string) => {
      const { origin, token } = JSON.parse(line) as Pick<RunningKeyServer, 'origin' | 'token'>
      resolve({
        origin,
        token,
        said: () => stderr,
        async kill() {
          child.kill('SIGKILL')
          await ended
        },
        stop() {
          child.kill('SIGTERM')
          return ended
        },
      })
    })
  })
}

/** Starts the sandbox with the command itself, on any free port, in a folder of its own. */
export function startSandbox(
  folder = mkdtempSync(join(tmpdir(), 'countersign-cli-')),
  more: readonly string[] = [],
): Promise<RunningSandbox> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [bin('countersign'), 'sandbox', '--json', '--port', '0', '--data', folder, '--step', '50', ...more],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const ended = new Promise<number | null>(done => child.on('close', done))
    child.on('error', reject)
    child.stdout.setEncoding('utf8').once('data', (line: string) => {
      const printed = JSON.parse(line) as Pick<RunningSandbox, 'origin' | 'keys' | 'wallet' | 'workspace'>
      resolve({
        ...printed,
        folder,
        async kill() {
          child.kill('SIGKILL')
          await ended
        },
        stop() {
          child.kill('SIGTERM')
          return ended
        },
      })
    })
  })
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** A port that nobody listens on, for those who have to say it beforehand. */
export function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
