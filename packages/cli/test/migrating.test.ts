import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder } from './command.ts'

const page = readFileSync(new URL('../../../docs/migrating.md', import.meta.url), 'utf8')
const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'countersign-migrating-'))
const background: ChildProcess[] = []
/** What the blocks export to the later ones. */
const variables = join(folder, 'variables')

afterAll(async () => {
  await Promise.all(
    background.map(child => {
      const ended = new Promise(resolve => child.once('close', resolve))
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
      return ended
    }),
  )
  removeFolder(folder)
})

interface Block {
  readonly language: string
  readonly info: string
  readonly text: string
}

/** The page's blocks of code, with ports that are free here. */
async function readBlocks(): Promise<Block[]> {
  let text = page
  for (const port of new Set(page.match(/\b45(?:6|9)\d\b/g))) text = text.replaceAll(port, String(await freePort()))
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language = '', info = '', code = '']) => ({
    language,
    info,
    text: code,
  }))
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function makeCommand(): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'countersign'), `#!/bin/sh\nexec "${process.execPath}" "${root}packages/cli/bin/countersign.js" "$@"\n`)
  chmodSync(join(bin, 'countersign'), 0o755)
  // The snippets import the library by its name.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return `${bin}${delimiter}${process.env['PATH'] ?? ''}`
}

function runBlock(command: string, args: string[], PATH: string): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, env: { ...process.env, PATH }, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
    child.on('error', reject)
    child.on('close', code => resolve({ code, text }))
  })
}

/** Starts what goes on running, and waits until it says that it listens. */
function start(text: string, PATH: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', text], {
      cwd: folder,
      env: { ...process.env, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    background.push(child)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      said += piece
    })
    child.stdout.once('data', () => resolve())
    child.once('close', code => reject(new Error(`${text} ended with ${code}: ${said}`)))
  })
}

describe('docs/migrating.md', () => {
  it('is right: every command on it runs, and shows what it says', { timeout: 120_000 }, async () => {
    const PATH = makeCommand()
    writeFileSync(variables, '')
    const shown: string[] = []
    for (const { language, info, text } of await readBlocks()) {
      if (language === 'yaml') writeFileSync(join(folder, info), text)
      else if (info === 'background') await start(text, PATH)
      else if (language === 'js') {
        writeFileSync(join(root, 'node_modules', '.migrating.mjs'), text)
        const { code, text: printed } = await runBlock(
          'bash',
          ['-c', `. ./variables && exec node ${root}node_modules/.migrating.mjs`],
          PATH,
        )
        expect([code, text, printed]).toEqual([0, text, printed])
        shown.push(printed)
      } else {
        const script = `set -euo pipefail\n. ./variables\n${text}\nexport -p > variables\n`
        const { code, text: printed } = await runBlock('bash', ['-c', script], PATH)
        expect([code, text, printed]).toEqual([0, text, printed])
        shown.push(printed)
      }
    }
    removeFolder(join(root, 'node_modules', '.migrating.mjs'))
    const all = shown.join('\n---\n')
    expect(shown).toHaveLength(12)
    expect(all).toMatch(/deprecation: @\d{10}\n/)
    expect(all).toContain('sunset: Thu, 01 Apr 2027 00:00:00 GMT')
    expect(all).toMatch(/"token":"eyJ/)
    expect(all).toContain("'ETH-TESTNET': {")
    expect(all).toContain("name: 'Treasury'")
    expect(all).toMatch(/demo +qredo-v1 +\d+ +\d{4}-\d\d-\d\d \d\d:\d\d +\d{4}-/)
    expect(all).toMatch(/hello csk_/)
    expect(all).toContain('countersign_gateway_deprecated_total{via="qredo-v1",event="called"} 1')
    expect(all).toMatch(/old +qredo-v1 +1 /)
    expect(shown.at(-1)).toContain('"code":"scheme-retired"')
    expect(shown.at(-1)).toContain('sign by qredo-v2 instead')
  })
})
