/** Only compiled: programs that use the clients, with the libraries' own types. */
import axios, { type AxiosInstance } from 'axios'
import { createSigner } from 'countersign'
import { signAxios } from 'countersign/axios'
import { signing as signingGot } from 'countersign/got'
import { rfc9421 } from 'countersign/schemes'
import { signedInit, signedInject, signedTest } from 'countersign/testing'
import { signing as signingUndici } from 'countersign/undici'
import fastify from 'fastify'
import got, { type Got } from 'got'
import got16 from 'got16'
import request from 'supertest'
import { Agent, type Dispatcher, interceptors } from 'undici'
import { Agent as Agent8, type Dispatcher as Dispatcher8 } from 'undici8'

const signer = createSigner(rfc9421, { keyId: 'k', secret: 'c2VjcmV0IG9mIGF0IGxlYXN0IHRoaXJ0eS10d28gYnl0ZXM=' })

export const api: AxiosInstance = signAxios(axios.create({ baseURL: 'https://api.example.com' }), signer, { maxBodyBytes: 1000 })
export const client: Got = got.extend({ prefixUrl: 'https://api.example.com' }, signingGot(signer))
export const client16 = got16.extend(signingGot(signer, { origin: ['https://api.example.com'] }))
export const dispatcher: Dispatcher = new Agent().compose(signingUndici(signer, { redirect: 'manual' }), interceptors.retry())
export const dispatcher8: Dispatcher8 = new Agent8().compose(signingUndici(signer))
export const test = request('https://api.example.com').get('/').use(signedTest(signer)).expect(200)

export async function send(): Promise<void> {
  const app = fastify()
  const { statusCode } = await app.inject(
    await signedInject(signer, { method: 'POST', url: 'https://api.example.com/', payload: { a: 1 } }),
  )
  const { status } = await fetch(...(await signedInit(signer, 'https://api.example.com/')))
  void [statusCode, status]
}

// @ts-expect-error an option of undici's alone
signAxios(axios.create(), signer, { redirect: 'manual' })
// @ts-expect-error no instance
signAxios({}, signer)
// @ts-expect-error a signer is wanted
signingGot({})
// @ts-expect-error no such rule
signingUndici(signer, { redirect: 'follow' })
