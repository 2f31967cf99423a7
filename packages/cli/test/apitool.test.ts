import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningSandbox, removeFolder, run, startSandbox } from './command.ts'

const secretBytes = Buffer.alloc(60, 0xfb)
const secret = secretBytes.toString('base64url')
const url = 'https://api.qredo.network/qapi/v1/balance'
const byHand = (message: string): string => createHmac('sha256', secretBytes).update(message).digest('base64url')
let sandbox: RunningSandbox

beforeAll(async () => {
  sandbox = await startSandbox()
})

afterAll(async () => {
  await sandbox.stop()
  removeFolder(sandbox.folder)
})

describe('apitool, the old command line', () => {
  it('sign prints three lines, with the header names of the wire', async () => {
    const { code, stdout } = await run('apitool', [
      '-api-key',
      'k',
      '-secret',
      secret,
      '-method',
      'GET',
      '-url',
      url,
      '-timestamp',
      '1647356399',
      'sign',
    ])
    expect(code).toBe(0)
    expect(stdout).toBe(`qredo-api-sig: ${byHand(`1647356399GET${url}`)}\nqredo-api-key: k\nqredo-api-ts: 1647356399\n`)
  })

  it("signs by the README's line, as it stands there", () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
    const line = /^echo .*\| apitool .*$/m.exec(readme)?.[0] ?? ''
    const bin = fileURLToPath(new URL('../bin/apitool.js', import.meta.url))
    const { status, stdout } = spawnSync('bash', ['-c', line.replace(' apitool ', ` node '${bin}' `)], { encoding: 'utf8' })
    const [, key = '', given = '', address = ''] = /-api-key (\S+) -secret (\S+) .*-url (\S+)/.exec(line) ?? []
    const [, signature, timestamp = ''] = /^qredo-api-sig: (\S+)\nqredo-api-key: \S+\nqredo-api-ts: (\d+)\n$/.exec(stdout) ?? []
    const message = `${timestamp}POST${address}{"a": 1}\n`
    expect(status).toBe(0)
    expect(stdout).toContain(`qredo-api-key: ${key}\n`)
    expect(signature).toBe(createHmac('sha256', Buffer.from(given, 'base64url')).update(message).digest('base64url'))
  })

  it('takes flags as Go does: one dash or two, the value behind = or in the next word, in any order', async () => {
    const expected = byHand(`1647356399GET${url}`)
    for (const args of [
      ['--api-key=k', `--secret=${secret}`, '--method=GET', `--url=${url}`, '--timestamp=1647356399', 'sign'],
      ['-timestamp=1647356399', '-url', url, '-method=GET', '-secret', secret, '-api-key=k', '-port', '4569', 'sign'],
      ['-api-key', '-k-begins-with-a-dash', '-secret', secret, '-method', 'GET', '-url', url, '-timestamp', '1647356399', 'sign'],
    ])
      expect((await run('apitool', args)).stdout).toContain(expected)
  })

  it('signs in seconds when no timestamp is given', async () => {
    const { stdout } = await run('apitool', ['-api-key', 'k', '-secret', secret, '-method', 'GET', '-url', url, 'sign'])
    const [, timestamp = ''] = /qredo-api-ts: (\d+)\n/.exec(stdout) ?? []
    expect(timestamp).toMatch(/^\d{10}$/)
    expect(stdout).toContain(byHand(`${timestamp}GET${url}`))
  })

  it('reads a body from standard input for POST, PUT and PATCH, and for nothing else', async () => {
    for (const [method, body] of [
      ['POST', '{"a": 1}\n'],
      ['PUT', '{"a": 1}\n'],
      ['PATCH', '{"a": 1}\n'],
      ['DELETE', ''],
      ['GET', ''],
    ] as const) {
      const { stdout } = await run(
        'apitool',
        ['-api-key', 'k', '-secret', secret, '-method', method, '-url', url, '-timestamp', '1647356399', 'sign'],
        { input: '{"a": 1}\n' },
      )
      expect(stdout).toContain(byHand(`1647356399${method}${url}${body}`))
    }
  })

  it('sends, prints the answer, and ends with 0 whatever that is', async () => {
    const key = sandbox.keys[0]
    const args = ['-api-key', key?.id ?? '', '-secret', readFileSync(key?.secretFile ?? '', 'utf8').trim(), '-method', 'GET']
    const good = await run('apitool', [...args, '-url', `${sandbox.origin}/qapi/v1/balance`, 'send'])
    expect(good.code).toBe(0)
    expect(JSON.parse(good.stdout)).toHaveProperty('assets')
    const bad = await run('apitool', [...args, '-url', `${sandbox.origin}/qapi/v1/nothing`, 'send'])
    expect(bad).toMatchObject({ code: 0, stderr: expect.stringContaining('HTTP 404') as string })
  })

  it('says what is missing or unknown', async () => {
    expect(await run('apitool', ['-method', 'GET', 'sign'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('-url, -api-key, -secret missing') as string,
    })
    expect(await run('apitool', ['-nope', 'x', 'sign'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[flag-unknown]') as string,
    })
    expect(await run('apitool', [])).toMatchObject({ code: 1, stderr: expect.stringContaining('Usage: apitool') as string })
    expect(await run('apitool', ['dance'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the last word is sign, send or ui') as string,
    })
  })
})
