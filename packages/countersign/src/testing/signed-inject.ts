import type { SignableBody } from '../scheme/body.ts'
import type { Signer } from '../sign/sign.ts'
import { wireUrl } from '../wire/url.ts'

/** A call for `inject` of Fastify, which is light-my-request. */
export interface InjectCall {
  /** Default: GET. */
  readonly method?: string | undefined
  /** Absolute, with an origin of the verifier: `https://api.example.com/orders`. */
  readonly url: string | URL
  readonly query?: { readonly [name: string]: string | readonly string[] } | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Text, bytes, or a JSON value. */
  readonly payload?: SignableBody
}

/** What `inject` takes, of a call that was signed. */
export interface SignedInject<M extends string> {
  readonly method: M
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly payload?: Buffer
}

/**
 * Signs a call for Fastify's `inject`, payload and query included.
 *
 * ```ts
 * const answer = await fastify.inject(await signedInject(signer, { method: 'POST', url: 'https://api.example.com/orders', payload: { amount: '1' } }))
 * ```
 *
 * @throws what {@link Signer.signAsync} throws
 */
export async function signedInject<const M extends string = 'GET'>(
  signer: Signer,
  call: InjectCall & { readonly method?: M | undefined },
): Promise<SignedInject<M>> {
  const { method = 'GET', query = {}, headers = {}, payload } = call
  const url = new URL(call.url)
  for (const [name, value] of Object.entries(query)) for (const one of [value].flat()) url.searchParams.append(name, one)
  const signed = await signer.signAsync({ method, url: wireUrl(url), headers, body: payload })
  const { buffer, byteOffset, byteLength } = signed.body ?? new Uint8Array()
  return {
    method: method as M,
    url: signed.url,
    headers: { ...headers, ...signed.headers },
    // Bytes of another kind would be sent as JSON.
    ...(signed.body === undefined ? {} : { payload: Buffer.from(buffer, byteOffset, byteLength) }),
  }
}
