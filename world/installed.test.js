/**
 * The packages as somebody has them who installs them: packed, installed into an empty folder outside of the workspace,
 * and run there. What they depend on comes from npm's cache, and from the registry where it is not in there.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { packAll } from '../scripts/pack.js'
import { expressProgram } from './express-program.js'
import { programOf, samplesOf } from './readme-programs.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'countersign-installed-'))
const packed = packAll(folder)
const app = join(folder, 'app')
mkdirSync(app)
writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')

/** What README's samples use besides. */
const besides = ['express', '@types/express', '@types/node'].map(name => `${name}@${devDependencies[name]}`)
const installed = spawnSync(
  'npm',
  ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packed.map(({ tarball }) => tarball), ...besides],
  { cwd: app, encoding: 'utf8' },
)
const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ENOTCACHED/.test(installed.stderr)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bin = name => join(app, 'node_modules', '.bin', name)
const run = (command, args, options = {}) => spawnSync(command, args, { cwd: app, encoding: 'utf8', timeout: 120_000, ...options })

/** Starts a command that prints one line of JSON once it listens. */
async function start(args) {
  const child = spawn(bin('countersign'), args, { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => child.on('close', resolve))
  const line = await new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve)
    void ended.then(code => reject(new Error(`${args[0]} ended with ${code}`)))
  })
  const stop = () => {
    child.kill('SIGTERM')
    return ended
  }
  return { printed: JSON.parse(line), stop }
}

describe.skipIf(isOffline)(
  `the packages, installed from their tarballs${isOffline ? ' (only where npm has them in its cache, or reaches the registry)' : ''}`,
  { timeout: 180_000 },
  () => {
    it('install without a warning, each with one version, README and licence', () => {
      expect([installed.status, installed.stderr]).toEqual([0, ''])
      expect(packed.map(({ name }) => name).sort()).toEqual(readdirSync(`${root}packages`).map(publicName).sort())
      for (const { name, files, version: its } of packed) {
        expect(its, name).toBe(version)
        expect(files, name).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']))
        expect(
          files.filter(file => /\.test\.|\.tsbuildinfo$/.test(file)),
          name,
        ).toEqual([])
      }
    })

    it('have the command: --version, gateway --help, and the tour', () => {
      expect(run(bin('countersign'), ['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
      expect(run(bin('countersign'), ['gateway', '--help']).stdout).toContain('Usage: countersign gateway')
      const line = ['-api-key', 'K', '-secret', 'c2VjcmV0', '-method', 'GET', '-url', 'https://api.example.com/a', 'sign']
      expect(run(bin('apitool'), line)).toMatchObject({ status: 0, stderr: expect.stringContaining('can be seen by other users') })
      const tour = run(bin('countersign'), ['tour'], { input: '' })
      expect([tour.status, tour.stderr]).toEqual([0, ''])
      expect(tour.stdout).toContain('key-revoked')
    })

    it('start the sandbox, which answers a signed call, serves the console, and stops', async () => {
      const { printed, stop } = await start(['sandbox', '--json', '--port', '0', '--data', 'data'])
      const [key] = printed.keys
      const args = ['send', 'GET', `${printed.origin}/qapi/v1/balance`, `--api-key=${key.id}`, `--secret-file=${key.secretFile}`]
      const sent = await new Promise(resolve => {
        const child = spawn(bin('countersign'), args, { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] })
        let stdout = ''
        child.stdout.setEncoding('utf8').on('data', text => {
          stdout += text
        })
        child.on('close', code => resolve({ code, stdout }))
      })
      expect(sent.code).toBe(0)
      expect(Object.keys(JSON.parse(sent.stdout).assets)).toContain('BTC-TESTNET')
      expect((await fetch(`${printed.origin}/console/`)).status).toBe(200)
      expect(await stop()).toBe(0)
    })

    it('start the page, and stop', async () => {
      const { printed, stop } = await start(['ui', '--json', '--port', '0'])
      expect(await (await fetch(printed.url)).text()).toContain('<title>Countersign</title>')
      expect(await stop()).toBe(0)
    })

    it('run the samples of README as ES modules and as CommonJS, compiled by TypeScript with every type checked', () => {
      // Nothing is sent: what calls out is answered with a token, as the API v2 gives one.
      const payload = Buffer.from(JSON.stringify({ iat: 0, exp: 3600 })).toString('base64url')
      const answer = `Response.json({ token: 'a.${payload}.b' })`
      const ownServer = `String(url).startsWith('http://127.0.0.1:') ? own(url, options)`
      writeFileSync(join(app, 'no-network.cjs'), `const own = fetch\nglobalThis.fetch = async (url, options) => ${ownServer} : ${answer}\n`)
      // The samples' ports may be taken here.
      const programs = samplesOf(readFileSync(`${root}README.md`, 'utf8'), 'ts').map(sample =>
        programOf(sample).replace('listen(8080)', 'listen(0)'),
      )
      expect(programs.length).toBeGreaterThan(7)
      const env = { ...process.env, API_KEY: 'k1', API_SECRET: 'B'.repeat(44), WEBHOOK_SECRET: `whsec_${'a'.repeat(32)}`, WORKSPACE: 'w1' }
      mkdirSync(join(app, 'samples'))
      for (const [place, program] of programs.entries())
        for (const ending of ['ts', 'cts']) writeFileSync(join(app, 'samples', `${place}.${ending}`), program)
      const options = ['--strict', '--target', 'es2022', '--types', 'node', '--esModuleInterop', '--skipLibCheck', 'false']
      const compiled = files => run(`${root}node_modules/.bin/tsc`, ['--ignoreConfig', ...options, ...files])
      const all = programs.flatMap((_, place) => [`samples/${place}.ts`, `samples/${place}.cts`])
      expect(compiled(['--module', 'nodenext', ...all]).stdout).toBe('')
      // Under node16, CommonJS has types for the library; the other packages are ES modules alone.
      const ofLibrary = all.filter(file => file.endsWith('.ts') || !programs[Number.parseInt(file.slice(8), 10)]?.includes('@countersign/'))
      expect(compiled(['--module', 'node16', '--noEmit', ...ofLibrary]).stdout).toBe('')
      const loaders = { js: place => `(await import('./samples/${place}.js'))`, cjs: place => `require('./samples/${place}.cjs')` }
      for (const [kind, load] of Object.entries(loaders)) {
        const lines = programs.map((_, place) => `  await ${load(place)}.done`)
        writeFileSync(join(app, `all.${kind}`), `void (async () => {\n${lines.join('\n')}\n  process.exit(0)\n})()\n`)
        expect(run(process.execPath, ['--require', './no-network.cjs', `all.${kind}`], { env }), kind).toMatchObject({
          status: 0,
          stderr: '',
        })
      }
    })

    it('sign a call that Express verifies, and refuses with another secret', () => {
      writeFileSync(join(app, 'verified.mjs'), expressProgram('rfc9421'))
      const { status, stdout, stderr } = run(process.execPath, ['verified.mjs'])
      expect([status, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^200 {"hello":"k1"}\n401 .*signature/)
    })

    it('run the samples of their own READMEs', () => {
      for (const { name } of packed) {
        const samples = samplesOf(readFileSync(join(app, 'node_modules', name, 'README.md'), 'utf8'), 'js')
        expect(samples.length, name).toBe(name === '@countersign/cli' ? 0 : 1)
        for (const sample of samples) {
          writeFileSync(join(app, 'sample.mjs'), `${sample.replace('listen(8080', 'listen(0')}\nprocess.exit(0)\n`)
          const { status, stderr } = run(process.execPath, ['sample.mjs'])
          expect([name, status, stderr]).toEqual([name, 0, ''])
        }
      }
    })
  },
)

function publicName(directory) {
  return JSON.parse(readFileSync(`${root}packages/${directory}/package.json`, 'utf8')).name
}
