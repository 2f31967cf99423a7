/** The packages installed, and used from the shell and behind Express, by each release of Node that they are for. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { packAll } from '../scripts/pack.js'
import { expressProgram } from './express-program.js'
import { NODES } from './runtimes/binaries.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'countersign-nodes-'))
const tarballs = packAll(folder).map(({ tarball }) => tarball)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** npm's program, of the Node that runs this. */
const npm = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js')

describe.each(NODES)('installed by Node $major', { timeout: 180_000 }, ({ major, path: node }) => {
  const app = join(folder, `app ${major}`)
  const countersign = join(app, 'node_modules/@countersign/cli/bin/countersign.js')
  const run = (...args) => spawnSync(node, args, { cwd: app, encoding: 'utf8', timeout: 120_000 })

  it.skipIf(!existsSync(node))(
    `without a warning, the packages sign, send to the sandbox, and verify in Express (needs Node ${major})`,
    async () => {
      mkdirSync(app)
      writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
      const express = `express@${devDependencies.express}`
      const installed = run(npm, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs, express)
      expect([installed.status, installed.stderr]).toEqual([0, ''])
      expect(run(countersign, '--version').stdout).toBe(`${version}\n`)

      const signed = run(countersign, 'sign', 'https://api.example.com/a', '-k', 'k', '--secret', Buffer.alloc(32, 1).toString('base64'))
      expect([signed.status, signed.stdout]).toEqual([
        0,
        expect.stringMatching(/^qredo-api-key: k\nqredo-api-ts: \d+\nqredo-api-sig: \S+\n$/),
      ])

      const sandbox = spawn(node, [countersign, 'sandbox', '--json', '--port', '0', '--data', 'data'], { cwd: app })
      const ended = new Promise(resolve => sandbox.once('close', resolve))
      const { origin, keys } = JSON.parse(await new Promise(resolve => sandbox.stdout.setEncoding('utf8').once('data', resolve)))
      const [key] = keys
      const sent = await new Promise(resolve => {
        const args = ['send', `${origin}/qapi/v1/balance`, '-k', key.id, '--secret-file', key.secretFile, '--query', '/assets/BTC-TESTNET']
        const child = spawn(node, [countersign, ...args], { cwd: app })
        let stdout = ''
        child.stdout.setEncoding('utf8').on('data', text => {
          stdout += text
        })
        child.on('close', code => resolve({ code, stdout }))
      })
      sandbox.kill('SIGTERM')
      expect([sent.code, sent.stdout, await ended]).toEqual([0, expect.stringMatching(/\d/), 0])

      writeFileSync(join(app, 'express.mjs'), expressProgram('qredoV1'))
      const verified = run('express.mjs')
      expect([verified.status, verified.stderr]).toEqual([0, ''])
      expect(verified.stdout).toMatch(/^200 {"hello":"k1"}\n401 .*signature/)
    },
  )
})
