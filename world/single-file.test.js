/** The command as one file, alone in an empty folder: no node_modules above it. */
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}packages/cli/package.json`, 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'countersign-single-'))
const made = spawnSync(process.execPath, [`${root}scripts/single-file.js`], { encoding: 'utf8' })
if (made.status !== 0) throw new Error(made.stderr)
copyFileSync(`${root}dist/countersign.mjs`, join(folder, 'countersign.mjs'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = { ...process.env, NO_COLOR: '1', COUNTERSIGN_API_KEY: 'k', COUNTERSIGN_SECRET: Buffer.alloc(32, 3).toString('base64') }
const run = (...args) => spawnSync(process.execPath, ['countersign.mjs', ...args], { cwd: folder, env, encoding: 'utf8', timeout: 60_000 })

describe('countersign.mjs', { timeout: 120_000 }, () => {
  it('signs, verifies, explains, describes and writes code', () => {
    expect(run('version').stdout).toBe(`${version}\n`)
    const { stdout } = run('sign', 'https://api.example.com/balance', '--json')
    const headers = Object.entries(JSON.parse(stdout).headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    expect(run('verify', 'https://api.example.com/balance', ...headers)).toMatchObject({ status: 0 })
    const explained = run('explain', 'https://api.example.com/balance/', ...headers)
    expect([explained.status, explained.stdout]).toEqual([0, expect.stringContaining('fix')])
    expect(run('schemes').stdout).toContain('stripe')
    expect(run('code', 'stripe', '--lang', 'python').stdout).toContain('import')
    expect(run('keys', '--help').stdout).toContain('rotate')
  })

  it('searches in threads of its own', () => {
    const { stdout } = run('sign', 'https://api.example.com/balance', '--json')
    const { method, url, headers } = JSON.parse(stdout)
    const curl = ['curl', '-X', method, url, ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])]
    const { status, stdout: found } = run('infer', '--', ...curl)
    expect([status, JSON.parse(found)]).toEqual([0, expect.objectContaining({ algorithm: expect.stringContaining('sha256') })])
  })

  it('sends what it signs', async () => {
    const server = createServer((request, response) => response.end(request.headers['qredo-api-key'])).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const child = spawn(process.execPath, ['countersign.mjs', 'send', `:${server.address().port}/x`], { cwd: folder, env })
    const printed = await new Promise(resolve => child.stdout.setEncoding('utf8').once('data', resolve))
    server.close()
    expect(printed).toBe('k')
  })

  it('serves the page', async () => {
    const child = spawn(process.execPath, ['countersign.mjs', 'ui', '--port', '0', '--json'], { cwd: folder, env })
    const { url } = JSON.parse(await new Promise(resolve => child.stdout.setEncoding('utf8').once('data', resolve)))
    const page = await fetch(url)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script')])
    const ended = new Promise(resolve => child.once('close', resolve))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it.each([
    ['keys', 'list'],
    ['init', '--use', 'protect', '--scheme', 'qredo-v2', '--yes', '--folder', 'protected'],
    ['sandbox', '--port', '0'],
    ['tour', '--no-pause'],
    ['completion', 'bash'],
  ])('says that %s is left out, and what has it', (...args) => {
    const { status, stdout, stderr } = run(...args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^countersign: .* not in the single file: npm install --global @countersign\/cli has all\. \[left-out\]\n$/)
    expect(existsSync(join(folder, 'protected'))).toBe(false)
  })

  it('has the licence of every package in it beside it', () => {
    const licences = readFileSync(`${root}dist/countersign.mjs.licences.txt`, 'utf8')
    for (const name of ['commander', 'hono', 'undici', 'pg', 'zod']) expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'))
    expect(licences).not.toContain('(undefined)')
  })
})
