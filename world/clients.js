/** The clients that sign, each as a program of somebody else's would set it up, behind one way to call them. */
import { Readable } from 'node:stream'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import { signedFetch } from 'countersign'
import { signAxios } from 'countersign/axios'
import { signing as signingGot } from 'countersign/got'
import { signing as signingUndici } from 'countersign/undici'
import got from 'got'
import got16 from 'got16'
import * as undici from 'undici'

/**
 * @typedef {object} Settings
 * @property {object} [options] of the client of ours
 * @property {boolean} [retries] whether the library tries a 503, or a cut connection, again
 * @property {boolean} [redirects] whether it follows redirects
 *
 * @typedef {(call: object) => Promise<{ status: number, text: string }>} Send `method`, `url`, `body`, `headers`
 */

const form = () => {
  const made = new FormData()
  made.set('field', 'välue')
  made.set('file', new Blob(['{"a":1}'], { type: 'application/json' }), 'a.json')
  return made
}

/** What a body may be given as. */
export const BODIES = {
  'a JSON value': () => ({ amount: '1', note: 'ü' }),
  text: () => '{"note":"ü – 💶"}',
  'a Buffer': () => Buffer.from('{"a":1}\xff\x00', 'latin1'),
  'a part of an ArrayBuffer': () => new Uint8Array(new TextEncoder().encode('x{"a":1}y').buffer, 1, 7),
  'an ArrayBuffer': () => new TextEncoder().encode('{"a":2}').buffer,
  URLSearchParams: () => new URLSearchParams('a=1&b=ü+ &c'),
  FormData: form,
  'a Blob': () => new Blob(['{"blob":1}'], { type: 'application/json' }),
  'a stream of Node': () => Readable.from(['{"stream":', Buffer.from('"ü"}')]),
  'a stream of the web': () => new Blob(['{"web":1}']).stream(),
}

const ALL = Object.keys(BODIES)
const without = (...names) => ALL.filter(name => !names.includes(name))

function axiosRow(adapter) {
  return {
    bodies: ALL,
    make(signer, { options: { redirect: _redirect, ...options } = {}, retries = false, redirects = true, base } = {}) {
      const api = signAxios(
        axios.create({ adapter, baseURL: base, validateStatus: null, responseType: 'text', ...(redirects ? {} : { maxRedirects: 0 }) }),
        signer,
        options,
      )
      if (retries)
        axiosRetry(api, {
          retries: 3,
          retryDelay: () => 1,
          validateResponse: ({ status }) => status !== 503,
          retryCondition: () => true,
        })
      return async ({ method, url, body, headers }) => {
        const { status, data } = await api.request({ method, url, data: body, headers })
        return { status, text: String(data) }
      }
    },
  }
}

function gotRow(client) {
  return {
    bodies: without('a Blob', 'an ArrayBuffer', 'a stream of the web'),
    make(signer, { options: { redirect: _redirect, ...options } = {}, retries = false, redirects = true, base } = {}) {
      const methods = ['GET', 'POST', 'PUT', 'DELETE']
      const api = client.extend(
        {
          throwHttpErrors: retries,
          followRedirect: redirects,
          retry: retries ? { limit: 3, methods, calculateDelay: ({ computedValue }) => Math.min(computedValue, 1) } : { limit: 0 },
          ...(base === undefined ? {} : { prefixUrl: base }),
        },
        signingGot(signer, options),
      )
      return async ({ method, url, body, headers }) => {
        const given = body instanceof URLSearchParams ? { form: Object.fromEntries(body) } : isPlain(body) ? { json: body } : { body }
        const answer = await api(url, { method, headers, ...(body === undefined ? {} : given) })
        return { status: answer.statusCode, text: answer.body }
      }
    },
  }
}

function isPlain(body) {
  return typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === Object.prototype
}

/** @param {typeof import('undici')} library */
function composed({ Agent, interceptors }, signer, { options, retries = false, redirects = true }) {
  const more = [
    ...(redirects ? [interceptors.redirect({ maxRedirections: 5 })] : []),
    ...(retries ? [interceptors.retry({ minTimeout: 1, maxTimeout: 1, methods: ['GET', 'POST', 'PUT'] })] : []),
  ]
  return new Agent().compose(signingUndici(signer, options), ...more)
}

function undiciRow(library) {
  return {
    bodies: without('a JSON value', 'URLSearchParams'),
    make(signer, settings = {}) {
      const dispatcher = composed(library, signer, settings)
      return async ({ method, url, body, headers }) => {
        const answer = await library.request(url, { method, headers, body, dispatcher })
        return { status: answer.statusCode, text: await answer.body.text() }
      }
    },
  }
}

function undiciFetchRow(library) {
  return {
    bodies: without('a JSON value', 'a stream of Node'),
    make(signer, settings = {}) {
      const { redirects = true } = settings
      const dispatcher = composed(library, signer, { ...settings, redirects: false })
      return async ({ method, url, body, headers }) => {
        const own = body instanceof FormData ? ownForm(library, body) : body
        const streamed = body instanceof ReadableStream ? { duplex: 'half' } : {}
        const redirect = redirects ? 'follow' : 'manual'
        const answer = await library.fetch(url, { method, headers, body: own ?? null, redirect, dispatcher, ...streamed })
        return { status: answer.status, text: await answer.text() }
      }
    },
  }
}

/** undici knows forms of its own class. */
function ownForm(library, form) {
  const own = new library.FormData()
  for (const [name, value] of form) own.append(name, value)
  return own
}

const FETCH = {
  bodies: without('a JSON value', 'a stream of Node'),
  hasNoRetries: true,
  make(signer, { options: { origin: _origin, redirect: _redirect, ...options } = {}, redirects = true } = {}) {
    const send = signedFetch(signer, options)
    return async ({ method, url, body, headers }) => {
      const answer = await send(url, { method, headers, body: body ?? null, redirect: redirects ? 'follow' : 'manual' })
      return { status: answer.status, text: await answer.text() }
    }
  },
}

/** Versions that need a newer Node than this one may be. */
async function newer(name, rows) {
  try {
    return rows(await import(name))
  } catch (error) {
    console.warn(`skipped, ${name}: it does not run on Node ${process.version} (${error.message})`)
    return {}
  }
}

/** Each with the names of {@link BODIES} that it takes, and what makes a {@link Send} of a signer and settings. */
export const CLIENTS = {
  signedFetch: FETCH,
  'axios over node:http': axiosRow('http'),
  'axios over fetch': axiosRow('fetch'),
  'axios as it comes': axiosRow(undefined),
  'got 14': gotRow(got),
  'got 16': gotRow(got16),
  'undici 7, request': undiciRow(undici),
  'undici 7, fetch': undiciFetchRow(undici),
  ...(await newer('undici8', library => ({ 'undici 8, request': undiciRow(library), 'undici 8, fetch': undiciFetchRow(library) }))),
}
