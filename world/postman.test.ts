import Sandbox from 'postman-sandbox'
import { describe, expect, it } from 'vitest'
import { codeSample, type SampleRequest } from '../packages/countersign/src/code/index.ts'
import type { DeclaredScheme } from '../packages/countersign/src/scheme/scheme.ts'
import { requestFor, SAMPLED, SECRETS, startApi } from '../packages/countersign/test/sampled-calls.ts'

interface Execution {
  readonly request: {
    readonly url: { readonly path?: string[]; readonly query: { key: string; value: string }[] }
    readonly header: { key: string; value: string }[]
    readonly method: string
    readonly body?: { readonly raw?: string }
  }
}

/** Runs a pre-request script in Postman's own sandbox, and gives the request that it left. */
function runPostman(script: string, request: SampleRequest, scheme: DeclaredScheme): Promise<Execution> {
  const environment = [
    { key: 'api_key', value: 'key-1' },
    { key: 'api_secret', value: SECRETS[scheme.secret.encoding] },
    { key: 'api_passphrase', value: 'pass-"phrase"' },
  ]
  return new Promise((resolve, reject) => {
    Sandbox.createContext((error, context) => {
      if (error) return reject(error)
      context.on('execution.error', (_cursor: unknown, problem: { message?: string }) => reject(new Error(problem.message)))
      context.execute(
        { listen: 'prerequest', script: { exec: [script] } },
        {
          context: {
            request: {
              method: request.method,
              url: request.url,
              header: [],
              ...(request.body === undefined ? {} : { body: { mode: 'raw', raw: request.body } }),
            },
            environment,
          },
        },
        (problem: Error | null, execution: Execution) => {
          context.dispose()
          if (problem) reject(problem)
          else resolve(execution)
        },
      )
    })
  })
}

describe('samples in postman', () => {
  describe.each(SAMPLED.filter(({ keys }) => keys === 'secret').map(scheme => ({ scheme: scheme.name, declared: scheme })))(
    '$scheme',
    ({ declared }) => {
      it("is accepted by the verifier, run in Postman's sandbox", async () => {
        const api = await startApi(declared)
        const request = requestFor(declared, api.origin)
        const { request: signed } = await runPostman(codeSample(declared, 'postman', request), request, declared)
        const query = signed.url.query.map(({ key, value }) => `${key}=${value}`).join('&')
        const response = await fetch(`${api.origin}/${signed.url.path?.join('/')}${query === '' ? '' : `?${query}`}`, {
          method: signed.method,
          headers: Object.fromEntries(signed.header.map(({ key, value }) => [key, value])),
          ...(signed.body?.raw === undefined ? {} : { body: signed.body.raw }),
        })
        expect([api.refusals, response.status]).toEqual([[], 200])
        api.close()
      })
    },
  )
})
