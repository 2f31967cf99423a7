import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cleanUp, start } from './sandbox.ts'

cleanUp()

it('its admin API says which schemes calls are taken by: those that every demo key is for among them', async () => {
  const sandbox = await start()
  const token = readFileSync(sandbox.adminTokenFile, 'utf8').trim()
  const read = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${sandbox.origin}/admin/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })
    return (await response.json()) as T
  }
  const schemes = await read<readonly { name: string; used: boolean }[]>('schemes')
  const used = schemes.filter(scheme => scheme.used).map(({ name }) => name)
  expect(used.sort()).toEqual(['qredo-partner', 'qredo-v1', 'qredo-v2', 'rfc9421'])
  const { keys } = await read<{ keys: readonly { scheme: string }[] }>('keys')
  expect(used).toEqual(expect.arrayContaining(keys.map(({ scheme }) => scheme)))
})
