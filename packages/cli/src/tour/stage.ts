import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sandbox } from '@countersign/sandbox'
import { out } from '../process/streams.ts'
import { shellWord } from '../text/shell-word.ts'

const COMMAND = fileURLToPath(new URL('../bin/countersign.js', import.meta.url))

export interface StageOptions {
  readonly sandbox: Sandbox
  /** Where the commands run. */
  readonly folder: string
  /** Waits until the reader has read. */
  readonly pause: () => Promise<void>
}

/** Where a tour takes place: what it says, and the commands it really runs. */
export interface Stage {
  readonly origin: string
  say(text: string): Promise<void>
  /**
   * Shows a command, runs it, and shows what it printed.
   *
   * @param expected the exit codes that are no surprise
   * @throws Error with what it printed when it ends otherwise
   */
  run(args: readonly string[], expected?: readonly number[]): Promise<string>
  /** Shows a call that a hand-written client got wrong, sends it, and shows the answer. */
  sendWrongly(path: string, keyId: string, secretFile: string): Promise<readonly string[]>
}

export function createStage({ sandbox, folder, pause }: StageOptions): Stage {
  const { origin } = sandbox

  return {
    origin,
    async say(text) {
      await pause()
      out(`\n${text}\n`)
    },
    async run(args, expected = [0]) {
      out(`\n  $ countersign ${args.map(shellWord).join(' ')}\n`)
      const { code, text } = await runCommand(args, folder)
      out(indented(text))
      if (!expected.includes(code)) throw new Error(`countersign ${args[0]} ended with ${code}: ${text}`)
      return text
    },
    async sendWrongly(path, keyId, secretFile) {
      const url = origin + path
      const timestamp = String(Date.now() * 1_000_000)
      const secret = Buffer.from(readFileSync(join(folder, secretFile), 'utf8').trim(), 'base64')
      // The mistake: the path where the whole URL belongs.
      const signature = createHmac('sha256', secret).update(`${timestamp}GET${path}`).digest('base64url')
      const headers = { 'qredo-api-key': keyId, 'qredo-api-ts': timestamp, 'qredo-api-sig': signature }
      const curl = ['curl', url, ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])]
      out(`\n  $ ${curl.map(shellWord).join(' ')}\n`)
      const response = await fetch(url, { headers })
      out(indented(`${response.status} ${await response.text()}`))
      return curl
    },
  }
}

function runCommand(args: readonly string[], folder: string): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    // What is for people comes first, as the commands print it.
    const texts = { stderr: '', stdout: '' }
    for (const name of ['stderr', 'stdout'] as const)
      child[name].setEncoding('utf8').on('data', (piece: string) => {
        texts[name] += piece
      })
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? 1, text: texts.stderr + texts.stdout }))
  })
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map(line => (line === '' ? '\n' : `  ${line}\n`))
    .join('')
}
