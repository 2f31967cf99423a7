import type { Signer } from '../sign/sign.ts'
import { wireUrl } from '../wire/url.ts'

/** What `fetch` and `new Request` take, of a call that was signed. */
export type SignedInit = [
  url: string,
  init: { readonly method: string; readonly headers: { readonly [name: string]: string }; readonly body: Uint8Array<ArrayBuffer> | null },
]

/**
 * Signs a call for whatever takes the arguments of `fetch`: a handler, an app's `request`. (`signedFetch` sends it,
 * too.)
 *
 * ```ts
 * const answer = await app.request(...(await signedInit(signer, 'https://api.example.com/orders', { method: 'POST', body: '{}' })))
 * ```
 *
 * @param input absolute, with an origin of the verifier
 * @throws TypeError what `new Request` throws
 * @throws what {@link Signer.signAsync} throws
 */
export async function signedInit(signer: Signer, input: string | URL | Request, init: RequestInit = {}): Promise<SignedInit> {
  const streamed = init.body instanceof ReadableStream ? { duplex: 'half' as const } : {}
  const request = new Request(input, { ...init, ...streamed })
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
  const headers = Object.fromEntries(request.headers)
  const signed = await signer.signAsync({ method: request.method, url: wireUrl(request.url), headers, body })
  return [signed.url, { method: signed.method, headers: { ...headers, ...signed.headers }, body: signed.body ?? null }]
}
