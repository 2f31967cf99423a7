/**
 * How much CPU the command takes to start and do little, against a bare node. Run by `npm run bench:start`.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROUNDS = 15
const COMMAND = fileURLToPath(new URL('../packages/cli/bin/countersign.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'countersign-start-'))
const spent = join(folder, 'spent')
const env = {
  ...process.env,
  COUNTERSIGN_API_KEY: 'key',
  COUNTERSIGN_SECRET: Buffer.alloc(32, 1).toString('base64'),
  COUNTERSIGN_ADMIN_TOKEN: 'token',
}
/** Writes at the end of a process what it took, in milliseconds of CPU. */
const METER = `data:text/javascript,import{writeFileSync}from'node:fs';process.on('exit',()=>{const{user,system}=process.cpuUsage();writeFileSync(${JSON.stringify(spent)},String((user+system)/1000))})`

const server = createServer((_request, response) => response.end('{"keys":[],"next":null}')).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const origin = `http://127.0.0.1:${server.address().port}`

/** What is run, what its output has to hold, and how many times a bare node's CPU it may take, where there is an aim. */
const CALLS = [
  { name: 'node', args: ['-p', '1'], holds: /^1$/m },
  { name: '--version', args: [COMMAND, '--version'], holds: /^\d+\.\d+\.\d+$/m, aim: 1.5 },
  { name: '--help', args: [COMMAND, '--help'], holds: /^Usage: countersign/, aim: 1.5 },
  { name: 'sign', args: [COMMAND, 'sign', 'GET', 'https://api.example.com/balance'], holds: /^qredo-api-sig: /m, aim: 2 },
  { name: 'send', args: [COMMAND, 'send', origin], holds: /"keys"/ },
  { name: 'keys list --server', args: [COMMAND, 'keys', 'list', '--json', '--server', origin], holds: /"keys"/, aim: 3 },
  { name: 'keys list, SQLite', args: [COMMAND, 'keys', 'list', '--json'], holds: /"keys"/, aim: 5 },
]

try {
  await once([COMMAND, 'keys', 'create', 'one'])
  const times = new Map(CALLS.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round++)
    for (const { name, args, holds } of CALLS) {
      const { stdout, ms } = await once(args)
      if (!holds.test(stdout)) throw new Error(`${name} printed ${stdout}`)
      times.get(name).push(ms)
    }
  const bare = times.get('node')
  for (const { name, aim } of CALLS) {
    const own = times.get(name)
    const ratio = median(own.map((ms, round) => ms / bare[round]))
    console.log(
      `${name.padEnd(20)} ${`${Math.round(median(own))} ms`.padStart(8)}  ${ratio.toFixed(2)} ×${aim === undefined ? '' : `  (aim: at most ${aim} ×)`}`,
    )
  }
} finally {
  server.close()
  rmSync(folder, { recursive: true })
}

async function once(args) {
  const { stdout } = await run(process.execPath, ['--import', METER, ...args], { cwd: folder, env })
  return { stdout, ms: Number(readFileSync(spent, 'utf8')) }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
