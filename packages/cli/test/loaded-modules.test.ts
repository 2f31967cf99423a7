import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder, run, startKeyServer } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-loaded-'))
afterAll(() => removeFolder(folder))

/** What every process that was started with this environment has loaded: V8 names it when they end. */
function watched() {
  const to = mkdtempSync(join(folder, 'scripts-'))
  return {
    env: { NODE_V8_COVERAGE: to },
    loaded: () =>
      readdirSync(to)
        .map(name => readFileSync(join(to, name), 'utf8'))
        .join('\n'),
  }
}

const OIDC = {
  issuer: 'https://login.example.com',
  clientId: 'console',
  publicOrigin: 'https://keys.example.com',
  people: [{ group: 'g', administrator: 'a' }],
}

describe('the client of OpenID Connect', () => {
  it('is not loaded for the help', async () => {
    const { env, loaded } = watched()
    expect(await run('countersign', ['server', '--help'], { cwd: folder, env })).toMatchObject({ code: 0 })
    expect(loaded()).toContain('countersign')
    expect(loaded()).not.toContain('/openid-client/')
  })

  it.each([
    ['not loaded by a server without it', {}, false],
    ['loaded by a server that is set up for it', { oidc: OIDC }, true],
  ])('is %s', async (_, settings, isLoaded) => {
    const { env, loaded } = watched()
    const config = join(folder, 'settings.json')
    writeFileSync(config, JSON.stringify(settings))
    const server = await startKeyServer(['--config', config], env, folder)
    expect((await fetch(`${server.origin}/health`)).status).toBe(200)
    expect(await server.stop()).toBe(0)
    expect(loaded().includes('/openid-client/')).toBe(isLoaded)
  })
})
