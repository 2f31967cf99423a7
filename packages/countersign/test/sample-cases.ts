import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeSample, LANGUAGES } from '../src/code/index.ts'
import type { DeclaredScheme } from '../src/scheme/scheme.ts'
import { type RunSample, SAMPLE_RUNNERS } from './sample-programs.ts'
import { type Api, PRIVATE_KEY, requestFor, SAMPLED, sampleEnvironment, startApi } from './sampled-calls.ts'

/** Runs the sample of every scheme in a language, each against a verifier of its scheme. */
export function describeSamples(languageName: string): void {
  const language = LANGUAGES.find(({ name }) => name === languageName)
  const runner = SAMPLE_RUNNERS[languageName]
  if (language === undefined || runner === undefined) throw new Error(`no runner for ${languageName}`)
  const needsDotNet = (scheme: DeclaredScheme): boolean => languageName === 'csharp' && scheme.keys === 'key-pair'
  const canRun = (scheme: DeclaredScheme): boolean => runner.isHere && !needsDotNet(scheme)

  describe(`samples in ${languageName}`, () => {
    const folder = mkdtempSync(join(tmpdir(), `countersign-${languageName}-`))
    const privateKeyFile = join(folder, 'private.pem')
    const apis = new Map<string, Api>()
    const samples = new Map<string, string>()
    let runSample: RunSample

    beforeAll(async () => {
      writeFileSync(privateKeyFile, PRIVATE_KEY)
      for (const scheme of SAMPLED.filter(canRun)) {
        const api = await startApi(scheme)
        apis.set(scheme.name, api)
        samples.set(scheme.name, codeSample(scheme, languageName, requestFor(scheme, api.origin)))
      }
      if (samples.size > 0) runSample = await runner.prepare(join(folder, 'samples'), language.fileName, samples)
    })
    afterAll(() => {
      for (const api of apis.values()) api.close()
      rmSync(folder, { recursive: true, force: true })
    })

    describe.each(SAMPLED.map(scheme => ({ scheme: scheme.name, declared: scheme })))('$scheme', ({ declared }) => {
      it.skipIf(!canRun(declared))(
        `is accepted by the verifier (${needsDotNet(declared) ? 'only in .NET, whose RSA reads PEM' : `needs ${runner.needs}`})`,
        async () => {
          const { origin, refusals } = apis.get(declared.name) as Api
          let stdout = ''
          try {
            stdout = await runSample(declared.name, sampleEnvironment(declared, privateKeyFile))
          } catch (error) {
            throw new Error(`${refusals.join(', ')}: ${String(error)}\n${samples.get(declared.name)}`)
          }
          const sent = Buffer.from(/^ok ([0-9a-f]*)$/m.exec(stdout)?.[1] ?? 'none', 'hex').toString()
          expect(sent).toContain(requestFor(declared, origin).body ?? '')
          expect(stdout).toMatch(/^ok /m)
        },
      )
    })
  })
}
