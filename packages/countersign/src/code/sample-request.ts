import type { DeclaredScheme } from '../scheme/scheme.ts'
import type { SampleRequest } from './program.ts'

/**
 * A request that a verifier of the scheme takes without options: with the method, the query and the body that the
 * scheme's own `only` asks for.
 *
 * @param url without a query
 */
export function sampleRequest(scheme: DeclaredScheme, url = 'https://api.example.com/v1/orders'): SampleRequest {
  const { fields, carriers, only } = scheme
  const takesQuery = only.query === 'any' || (['url', 'target', 'query', 'payload'] as const).some(field => fields.has(field))
  const isForm = carriers.some(carrier => carrier.in === 'form')
  const method = only.methods?.[0] ?? (isForm ? 'POST' : 'GET')
  if (method === 'GET') return { method, url: takesQuery ? `${url}?limit=10` : url }
  return { method, url, body: isForm ? 'pair=XBTUSD&volume=1.25' : '{"id":"1"}' }
}
