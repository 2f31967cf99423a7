import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { describeSamples } from '../../test/sample-cases.ts'
import { requestFor, SAMPLED, sampleEnvironment, startApi } from '../../test/sampled-calls.ts'
import { defineScheme } from '../define/define.ts'
import { carriesOf } from '../scheme/carries.ts'
import * as shipped from '../schemes/index.ts'
import { codeSample, LANGUAGES } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-code-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const run = promisify(execFile)

describeSamples('node')

describe('codeSample', () => {
  it.each(LANGUAGES.map(({ name }) => name))('writes every header that a scheme has to carry, in %s', name => {
    for (const scheme of SAMPLED) {
      if (name === 'postman' && scheme.keys === 'key-pair') continue
      const sample = codeSample(scheme, name, requestFor(scheme, 'https://a.example'))
      for (const { in: place, name: header, required } of carriesOf(scheme))
        if (place === 'header' && required) expect(sample, scheme.name).toContain(header)
    }
  })

  it('writes a GET without a body', async () => {
    const api = await startApi(shipped.qredoV1)
    const file = join(folder, 'get.mjs')
    writeFileSync(file, codeSample(shipped.qredoV1, 'node', { method: 'GET', url: `${api.origin}/x` }))
    expect((await run(process.execPath, [file], { env: sampleEnvironment(shipped.qredoV1, '') })).stdout).toBe('ok \n')
    api.close()
  })

  it('refuses key pairs for Postman, with the reason', () => {
    expect(() => codeSample(shipped.qredoPartner, 'postman', { method: 'GET', url: 'https://a.example/' })).toThrow(/no key pairs at hand/)
  })

  it('knows what was probably meant', () => {
    expect(() => codeSample(shipped.qredoV1, 'pyton', { method: 'GET', url: 'https://a.example/' })).toThrow(/did you mean python/)
    expect(() => codeSample(shipped.kraken, 'python', { method: 'GET', url: 'https://a.example/' })).toThrow(/take a method that has one/)
  })

  it('sends the headers of the request that the scheme signs, and wants to know them', async () => {
    const scheme = defineScheme({
      name: 'with-headers',
      title: 'Signs headers',
      algorithm: 'hmac-sha256',
      message: '{method}\n{target}\n{header.content-type}\n{header.x-trace}\n{body}',
      signature: { encoding: 'hex' },
      headers: { 'x-key': '{keyId}', 'x-sig': '{signature}' },
    })
    const api = await startApi(scheme)
    const request = { method: 'POST', url: `${api.origin}/x`, body: '{}' }
    expect(() => codeSample(scheme, 'node', request)).toThrow(/signs the header content-type: give it with the request/)
    const file = join(folder, 'headers.mjs')
    writeFileSync(file, codeSample(scheme, 'node', { ...request, headers: { 'Content-Type': 'text/x-mine', 'X-Trace': "it's 1" } }))
    expect([(await run(process.execPath, [file], { env: sampleEnvironment(scheme, '') })).stdout, api.refusals]).toEqual(['ok 7b7d\n', []])
    api.close()
  })
})
