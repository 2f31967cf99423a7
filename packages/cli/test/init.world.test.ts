import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { freePort, removeFolder, run } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-init-'))
const bin = join(folder, 'bin')
mkdirSync(bin)
symlinkSync(fileURLToPath(new URL('../bin/countersign.js', import.meta.url)), join(bin, 'countersign'))
afterAll(() => removeFolder(folder))

/** A folder of its own, with profiles of its own, in which a shell finds the command. */
function place(name: string) {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  const env: Record<string, string | undefined> = {
    XDG_CONFIG_HOME: join(folder, `${name}-config`),
    PATH: `${bin}${delimiter}${process.env['PATH']}`,
    COUNTERSIGN_SECRET: undefined,
    COUNTERSIGN_API_KEY: undefined,
    COUNTERSIGN_STORE: undefined,
    NO_COLOR: '1',
  }
  return { cwd, env, init: (...args: readonly string[]) => run('countersign', ['init', ...args], { cwd, env }) }
}

type Place = ReturnType<typeof place>

interface Shown {
  readonly code: number
  readonly text: string
}

/** Runs a line as it was printed. */
function shell(line: string, { cwd, env }: Place): Promise<Shown> {
  return new Promise(resolve => {
    const child = execFile('sh', ['-c', line], { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr }),
    )
    child.stdin?.end()
  })
}

interface Served {
  readonly port: number
  text(): string
  stop(): Promise<void>
}

/** Runs a line that goes on, on another port than it would, until it has printed where it listens. */
async function serve(line: string, { cwd, env }: Place, port?: number): Promise<Served> {
  port ??= await freePort()
  const child: ChildProcess = spawn('sh', ['-c', `exec ${line} --port ${port}`], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
  await expect
    .poll(() => `${text}${child.exitCode === null ? '' : `ended with ${child.exitCode}`}`, { timeout: 60_000 })
    .toMatch(/Ctrl\+C|ended with/)
  expect(text).toContain('Ctrl+C')
  return {
    port,
    text: () => text,
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGINT')
        await once(child, 'close')
      }
    },
  }
}

/** A line as it was printed, but for the port. */
const at = ({ port }: Served, line: string): string => line.replace(/:(?:4600|4590)\b/, `:${port}`)

const lines = (text: string): string[] => text.trim().split('\n')

describe('countersign init', () => {
  it('makes what receives webhooks, and its next three commands work as they are printed', async () => {
    const here = place('receive')
    const { code, stdout, stderr } = await here.init('--use', 'receive', '--scheme', 'stripe')
    expect(code).toBe(0)
    const [listen = '', trigger = '', broken = '', ...others] = lines(stdout)
    expect([listen, trigger, broken, others]).toEqual([
      'countersign listen --profile stripe',
      'countersign trigger stripe :4600 --profile stripe',
      'countersign trigger stripe :4600 --profile stripe --break secret',
      [],
    ])
    expect(stderr).toContain('made up to try it out')
    const server = await serve(listen, here)
    try {
      expect(await shell(at(server, trigger), here)).toEqual({ code: 0, text: '200 OK  verified\n' })
      expect(await shell(at(server, broken), here)).toMatchObject({ code: 1, text: expect.stringContaining('401 Unauthorized') })
      await expect.poll(server.text, { timeout: 10_000 }).toContain('refused bad-signature')
      expect(server.text()).toContain('verified')
    } finally {
      await server.stop()
    }
  })

  it('makes a scheme file and a profile to call an API with, and its next three commands work as they are printed', async () => {
    const here = place('call')
    const made = JSON.parse((await here.init('--use', 'call', '--new-scheme', 'mine', '--yes', '--json')).stdout)
    expect(made).toMatchObject({ purpose: 'call', scheme: 'mine', profile: 'mine', keyId: 'test-key', hasMadeUpSecret: true })
    expect(made.files).toEqual([join(here.cwd, 'mine.scheme.json'), join(folder, 'call-config/countersign/profiles/mine.json')])
    const [listen, sign, send] = made.next
    const server = await serve(listen, here)
    try {
      expect(await shell(at(server, sign), here)).toMatchObject({
        code: 0,
        text: expect.stringMatching(/^mine-key: test-key\nmine-timestamp: \d{10}\nmine-signature: \S+=\n$/),
      })
      expect(await shell(at(server, send), here)).toEqual({ code: 0, text: 'verified\n' })
    } finally {
      await server.stop()
    }
    // The file is what --scheme takes.
    expect(await shell('countersign schemes ./mine.scheme.json', here)).toMatchObject({
      code: 0,
      text: expect.stringContaining('Calls of mine'),
    })
  })

  it('makes settings, a store and a first key to protect an API with, and its next three commands work as they are printed', async () => {
    const api = createServer((request, response) => response.end(`for ${request.headers['x-countersign-key']}`)).listen(0, '127.0.0.1')
    await once(api, 'listening')
    const address = api.address()
    const here = place('protect')
    const upstream = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const made = JSON.parse(
      (await here.init('--use', 'protect', '--scheme', 'qredo-v2', '--name', 'first', '--upstream', upstream, '--json')).stdout,
    )
    expect(made.files.slice(0, 3)).toEqual(
      ['countersign.yaml', 'countersign.db', 'countersign.db.master-key'].map(name => join(here.cwd, name)),
    )
    expect(statSync(made.files[2]).mode & 0o077).toBe(0)
    const [gateway, send, list] = made.next
    // The settings have the usual port, as a part of the origin that is signed.
    const port = await freePort()
    const settings = join(here.cwd, 'countersign.yaml')
    writeFileSync(settings, readFileSync(settings, 'utf8').replaceAll('4590', String(port)))
    const server = await serve(gateway, here, port)
    try {
      expect(await shell(at(server, send), here)).toEqual({ code: 0, text: `for ${made.keyId}` })
      expect(await shell(list, here)).toMatchObject({ code: 0, text: expect.stringContaining(`${made.keyId}  first  active  qredo-v2`) })
    } finally {
      await server.stop()
      api.close()
    }
  })

  // A passphrase, a form, parameters, and a scheme with logic: what differs between schemes.
  it.each(['kucoin', 'kraken', 'aws-sigv4', 'rfc9421'])('prints commands that work for %s', async name => {
    const here = place(`like-${name}`)
    const [listen, sign, send] = lines((await here.init('--use', 'call', '--scheme', name)).stdout) as [string, string, string]
    const server = await serve(listen, here)
    try {
      expect(await shell(at(server, sign), here)).toMatchObject({ code: 0 })
      expect(await shell(at(server, send), here)).toEqual({ code: 0, text: 'verified\n' })
    } finally {
      await server.stop()
    }
  })

  it('keeps secrets out of git, each line once, whatever stood there', async () => {
    const here = place('ignore')
    writeFileSync(join(here.cwd, '.gitignore'), 'node_modules\n*.secret')
    expect(JSON.parse((await here.init('--use', 'receive', '--scheme', 'github', '--json')).stdout).ignored).toEqual([
      '*.master-key',
      'countersign.db',
      'countersign.db-*',
      '.sandbox/',
    ])
    const first = readFileSync(join(here.cwd, '.gitignore'), 'utf8')
    expect(first).toMatch(/^node_modules\n\*\.secret\n\n# countersign: /)
    expect(JSON.parse((await here.init('--use', 'receive', '--scheme', 'github', '--name', 'other', '--json')).stdout).ignored).toEqual([])
    expect(readFileSync(join(here.cwd, '.gitignore'), 'utf8')).toBe(first)
    if (spawnSync('git', ['init', '-q'], { cwd: here.cwd }).status !== 0) throw new Error('This test needs git.')
    for (const file of ['countersign.db', 'countersign.db-wal', 'countersign.db.master-key', 'a/hook.secret', '.sandbox/demo.secret'])
      expect(spawnSync('git', ['check-ignore', '-q', file], { cwd: here.cwd }).status, file).toBe(0)
  })

  it('overwrites nothing unless it is told to, and never a key store', async () => {
    const here = place('again')
    const protect = ['--use', 'protect', '--scheme', 'qredo-v1']
    expect(await here.init(...protect)).toMatchObject({ code: 0 })
    writeFileSync(join(here.cwd, 'countersign.yaml'), 'mine: true\n')
    const profile = readFileSync(join(folder, 'again-config/countersign/profiles/qredo-v1.json'), 'utf8')
    const refused = await here.init(...protect, '--upstream', ':1234')
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('[already-there]') })
    for (const name of ['countersign.yaml', 'countersign.db', 'the profile qredo-v1']) expect(refused.stderr).toContain(name)
    expect(readFileSync(join(here.cwd, 'countersign.yaml'), 'utf8')).toBe('mine: true\n')
    expect(readFileSync(join(folder, 'again-config/countersign/profiles/qredo-v1.json'), 'utf8')).toBe(profile)

    expect(await here.init(...protect, '--upstream', ':1234', '--force')).toMatchObject({ code: 0 })
    expect(readFileSync(join(here.cwd, 'countersign.yaml'), 'utf8')).toContain('upstream: "http://localhost:1234"')
    const listed = await shell('countersign keys list --json', here)
    expect(JSON.parse(listed.text).keys).toHaveLength(2)
  })

  it('takes the secret that was given, shows it nowhere, and refuses one that is none before anything is written', async () => {
    const here = place('given')
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    writeFileSync(join(here.cwd, 'in.secret'), `${secret}\n`)
    const args = ['--use', 'receive', '--scheme', 'standard-webhooks', '--folder', 'sub', '--secret-file']
    const made = await here.init(...args, 'in.secret', '--json')
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('"hasMadeUpSecret":false') })
    expect(made.stdout + made.stderr).not.toContain(secret)
    const file = join(folder, 'given-config/countersign/profiles/standard-webhooks.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ scheme: 'standard-webhooks', secret })
    expect(statSync(file).mode & 0o077).toBe(0)
    expect(existsSync(join(here.cwd, 'sub/.gitignore'))).toBe(true)

    writeFileSync(join(here.cwd, 'bad.secret'), '!!!')
    expect(await here.init(...args, 'bad.secret', '--name', 'bad', '--folder', 'never')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[secret-malformed]'),
    })
    expect(existsSync(join(here.cwd, 'never'))).toBe(false)
  })

  it('makes nothing where the profile could not be saved, or the gateway would not take the settings', async () => {
    const here = place('before')
    const protect = ['init', '--use', 'protect', '--scheme', 'qredo-v2', '--yes', '--folder', 'new']
    writeFileSync(join(here.cwd, 'file'), '')
    const homes = ['/dev/null/x', join(here.cwd, 'file'), ...(process.platform === 'linux' ? ['/proc/x'] : [])]
    for (const home of homes)
      expect(await run('countersign', protect, { cwd: here.cwd, env: { ...here.env, XDG_CONFIG_HOME: home } }), home).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/^countersign: .*\[folder-unusable\]\n$/),
      })
    for (const upstream of ['http://u:passw0rd@127.0.0.1:1/', 'http://127.0.0.1:1/#x', 'http://127.0.0.1:1/?x', 'ftp://127.0.0.1/']) {
      const { code, stdout, stderr } = await here.init(...protect.slice(1), '--upstream', upstream)
      expect([code, stdout], upstream).toEqual([2, ''])
      expect(stderr).toMatch(/^countersign: .* \[(upstream-invalid|url-malformed)\]\n$/)
      expect(stderr).not.toContain('passw0rd')
    }
    expect(readdirSync(here.cwd)).toEqual(['file'])
    expect(existsSync(join(folder, 'before-config'))).toBe(false)
  })

  it('takes away what it made when a later step fails', async () => {
    const here = place('undone')
    // A profile can't take the place of a folder.
    mkdirSync(join(folder, 'undone-config/countersign/profiles/p.json'), { recursive: true })
    const ignored = Buffer.from([0x63, 0xe9, 0x0a])
    writeFileSync(join(here.cwd, '.gitignore'), ignored)
    const init = (...args: readonly string[]) => here.init('--use', 'protect', '--scheme', 'qredo-v2', '--force', ...args)
    const failed = { code: 2, stdout: '', stderr: expect.stringMatching(/^countersign: .*\n$/) }
    expect(await init('--name', 'p')).toMatchObject(failed)
    expect(await init('--name', 'p', '--folder', 'deep/er')).toMatchObject(failed)
    expect(readdirSync(here.cwd)).toEqual(['.gitignore'])
    expect(readFileSync(join(here.cwd, '.gitignore')).equals(ignored)).toBe(true)

    // What was there before stays, and the key whose secret nobody has is good for nothing.
    expect(await init('--name', 'good')).toMatchObject({ code: 0 })
    const names = readdirSync(here.cwd)
    writeFileSync(join(here.cwd, 'countersign.yaml'), 'mine: true\n')
    expect(await init('--name', 'p')).toMatchObject(failed)
    expect(readdirSync(here.cwd)).toEqual(names)
    expect(readFileSync(join(here.cwd, 'countersign.yaml'), 'utf8')).toBe('mine: true\n')
    const { keys } = JSON.parse((await shell('countersign keys list --json', here)).text)
    expect(keys.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
      ['p', 'revoked'],
      ['good', 'active'],
    ])
    expect(await init('--name', 'next')).toMatchObject({ code: 0 })
    expect(readdirSync(here.cwd)).toEqual(names)
    expect(readdirSync(join(folder, 'undone-config/countersign/profiles'))).toEqual(['good.json', 'next.json', 'p.json'])
  })

  it('keeps a .gitignore byte for byte, whatever its encoding', async () => {
    const here = place('bytes')
    const before = Buffer.from('caf\xe9/\r\n*.log', 'latin1')
    writeFileSync(join(here.cwd, '.gitignore'), before)
    expect(await here.init('--use', 'receive', '--scheme', 'github')).toMatchObject({ code: 0 })
    const after = readFileSync(join(here.cwd, '.gitignore'))
    expect(after.subarray(0, before.length).equals(before)).toBe(true)
    expect(after.subarray(before.length).toString()).toMatch(/^\n\n# countersign: .*\n\*\.secret\n/)
  })

  it('writes through no link, forced or not', async () => {
    const here = place('links')
    const outside = join(folder, 'outside')
    const cases: readonly [string, readonly string[]][] = [
      ['countersign.yaml', ['--use', 'protect', '--scheme', 'qredo-v2']],
      ['countersign.db', ['--use', 'protect', '--scheme', 'qredo-v2']],
      ['mine.scheme.json', ['--use', 'call', '--new-scheme', 'mine', '--yes']],
      ['.gitignore', ['--use', 'receive', '--scheme', 'github']],
    ]
    for (const [name, args] of cases) {
      const target = join(here.cwd, name)
      mkdirSync(target)
      symlinkSync(outside, join(target, name))
      const refused = await here.init(...args, '--folder', name)
      expect(refused, name).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/\[(already-there|link-in-the-way)\]\n$/) })
      expect(readdirSync(target)).toEqual([name])
      const { code } = await here.init(...args, '--folder', name, '--force')
      // Settings take the link's place; what is kept, or added to, does not.
      const isReplaced = name === 'countersign.yaml' || name === 'mine.scheme.json'
      expect([code, lstatSync(join(target, name)).isFile()], name).toEqual(isReplaced ? [0, true] : [2, false])
    }
    expect(existsSync(outside)).toBe(false)
  })

  it('says plainly where it can make no folder', async () => {
    const here = place('nowhere')
    writeFileSync(join(here.cwd, 'file'), '')
    const folders = ['file', 'file/below', ...(process.platform === 'linux' ? ['/proc/countersign', '/proc/counter/sign'] : [])]
    for (const name of folders)
      expect(await here.init('--use', 'receive', '--scheme', 'github', '--folder', name), name).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/^countersign: The folder .* can't be written to: .*\[folder-unusable\]\n$/),
      })
  })

  it('says that the master key lies beside its store, why, and what to do', async () => {
    const here = place('beside')
    const { stderr } = await here.init('--use', 'protect', '--scheme', 'qredo-v2')
    expect(stderr).toMatch(/The master key lies beside its store so that .* masterKeyFile in countersign\.yaml/)
    expect(readFileSync(join(here.cwd, 'countersign.yaml'), 'utf8')).toContain('\n# masterKeyFile: ')
  })

  it('leaves a profile to profiles add only with --force', async () => {
    const here = place('profiles')
    const add = (...more: readonly string[]) =>
      run('countersign', ['profiles', 'add', 'github', '--scheme', 'github', '--secret-stdin', ...more], {
        ...here,
        input: 'it-is-another-secret',
      })
    expect(await here.init('--use', 'receive', '--scheme', 'github')).toMatchObject({ code: 0 })
    const file = join(folder, 'profiles-config/countersign/profiles/github.json')
    const before = readFileSync(file, 'utf8')
    expect(await add()).toMatchObject({ code: 2, stderr: expect.stringMatching(/--force.*\[already-there\]\n$/) })
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(await add('--force')).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ scheme: 'github', secret: 'it-is-another-secret' })
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  it('says what it can not make', async () => {
    const here = place('not')
    const cases: readonly [readonly string[], string][] = [
      [[], '[answers-missing]'],
      [['--use', 'call'], '[answers-missing]'],
      [['--use', 'protect', '--scheme', 'stripe'], '[scheme-not-here]'],
      [['--use', 'call', '--scheme', 'qredo-partner'], '[scheme-not-here]'],
      [['--use', 'call', '--scheme', 'stripe', '--new-scheme', 'mine'], '[scheme-twice]'],
      [['--use', 'call', '--new-scheme', '../mine'], '[scheme-invalid]'],
      [['--use', 'call', '--scheme', 'stripe', '--name', '../x'], '[profile-name]'],
    ]
    for (const [args, code] of cases)
      expect(await here.init(...args), args.join(' ')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(code) })
    expect(existsSync(join(here.cwd, '.gitignore'))).toBe(false)
    expect(await here.init('--yes')).toMatchObject({ code: 0, stdout: expect.stringContaining('countersign listen --profile qredo-v1\n') })
  })

  it.skipIf(spawnSync('python3', ['--version']).error !== undefined)('asks on a terminal (needs python3)', async () => {
    const here = place('asked')
    // Each answer waits for its question.
    const typed = `
import os, pty, select, sys
answers = [(b'want to do', b'\\r'), (b'Which scheme', b'\\x1b[B\\x1b[B\\x1b[B\\x1b[B\\r'), (b'Name of the profile', b'hooks\\r'), (b'Secret', b'whsec_0123456789abcdef\\r')]
pid, fd = pty.fork()
if pid == 0: os.execvp('countersign', ['countersign', 'init'])
seen = b''
while True:
    if not select.select([fd], [], [], 30)[0]: sys.exit('nothing more came: ' + repr(seen))
    try: piece = os.read(fd, 65536)
    except OSError: break
    if not piece: break
    seen += piece
    if answers and answers[0][0] in seen:
        os.write(fd, answers.pop(0)[1])
        seen = b''
    else: sys.stdout.buffer.write(piece)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
    const script = join(here.cwd, 'typed.py')
    writeFileSync(script, typed)
    const shown = await shell(`python3 ${script}`, here)
    expect(shown).toMatchObject({ code: 0, text: expect.stringContaining('countersign listen --profile hooks') })
    expect(shown.text).not.toContain('whsec_0123456789abcdef')
    const profile = JSON.parse(readFileSync(join(folder, 'asked-config/countersign/profiles/hooks.json'), 'utf8'))
    expect(profile).toEqual({ scheme: 'stripe', secret: 'whsec_0123456789abcdef' })
  })
})
