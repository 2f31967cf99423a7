import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, removeFolder } from './command.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A page of docs/ whose blocks of code are run, in a folder of its own, in the order of the page. */
export interface RunnablePage {
  /**
   * Runs every block: `sh background` goes on running, `js` imports the library by its name, any language with a file's
   * name behind it is only written to that file. What a block exports, the later ones have.
   *
   * @returns what each printed; its block and code instead where it fails
   */
  run(): Promise<readonly string[]>
  /** Ends what runs in the background. */
  close(): Promise<void>
}

interface Block {
  readonly language: string
  readonly info: string
  readonly text: string
}

/** @param name in `docs/`, without `.md` */
export function openPage(name: string): RunnablePage {
  const page = readFileSync(join(root, 'docs', `${name}.md`), 'utf8')
  const folder = mkdtempSync(join(tmpdir(), 'countersign-page-'))
  const module = join(root, 'node_modules', `.page-${name}.mjs`)
  const background: ChildProcess[] = []
  const PATH = makeCommand(folder)

  function runBlock(script: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn('bash', ['-c', `set -euo pipefail\n. ./variables\n${script}`], {
        cwd: folder,
        env: { ...process.env, PATH },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let printed = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (piece: string) => {
          printed += piece
        })
      child.on('error', reject)
      child.on('close', code => (code === 0 ? resolve(printed) : reject(new Error(`ended with ${code}:\n${script}\n\n${printed}`))))
    })
  }

  /** Starts what goes on running, and waits until it says that it listens. */
  function start(text: string): Promise<void> {
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

  return {
    async run() {
      writeFileSync(join(folder, 'variables'), '')
      const shown: string[] = []
      for (const { language, info, text } of await readBlocks(page)) {
        if (info === 'background') await start(text)
        else if (info !== '') writeFileSync(join(folder, info), text)
        else if (language === 'js') {
          writeFileSync(module, text)
          shown.push(await runBlock(`exec node ${module}`))
        } else if (language === 'sh') shown.push(await runBlock(`${text}\nexport -p > variables\n`))
      }
      return shown
    },
    async close() {
      await Promise.all(
        background.map(child => {
          const ended = new Promise(resolve => child.once('close', resolve))
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
          return ended
        }),
      )
      removeFolder(module)
      removeFolder(folder)
    },
  }
}

/** Those that pages of docs/ name. */
const PORTS = /\b45(?:6|9)\d\b/g

/** The page's blocks of code, with ports that are free here. */
async function readBlocks(page: string): Promise<Block[]> {
  const free = new Map<string, number>()
  for (const [port] of page.matchAll(PORTS)) if (!free.has(port)) free.set(port, await freePort())
  // In one go: a free port may hold the digits of another.
  const text = page.replace(PORTS, port => String(free.get(port)))
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language = '', info = '', code = '']) => ({
    language,
    info,
    text: code,
  }))
}

/** The commands as they are when they are installed. */
function makeCommand(folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  for (const name of ['countersign', 'apitool']) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${root}packages/cli/bin/${name}.js" "$@"\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return `${bin}${delimiter}${process.env['PATH'] ?? ''}`
}
