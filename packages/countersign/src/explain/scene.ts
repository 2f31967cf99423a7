import { type CryptoProvider, type MaybePromise, whenReady } from '../crypto/provider.ts'
import { utf8 } from '../encoding.ts'
import { readForm } from '../form.ts'
import { type Call, type CompiledHash, type CompiledMessage, compileMessage, fillHashes, type Message } from '../message.ts'
import type { Part } from '../template.ts'
import { splitUrl } from '../url.ts'
import { arrangementHypotheses } from './arrangements.ts'
import { bodyHypotheses } from './bodies.ts'
import { textOf } from './difference.ts'
import type { ExplainInput } from './explain.ts'
import { type Assumptions, type Hypothesis, setCall } from './hypothesis.ts'
import { methodHypotheses, timestampHypotheses } from './moments.ts'
import { readLoosely } from './read-loosely.ts'
import { urlHypotheses } from './urls.ts'

/** What of an explanation's input says which message is right. */
export type SceneInput = Pick<ExplainInput, 'scheme' | 'request' | 'keyId' | 'passphrase' | 'basePath'>

export interface Scene {
  readonly base: Call
  readonly assumptions: Assumptions
  readonly hypotheses: readonly Hypothesis[]
  readonly presented: string
  readonly keyId: string
  readonly missing: readonly string[]
}

/** The request as a verifier would see it, read however it is spelled. */
export function setScene({ scheme, request, keyId, passphrase = '', basePath = '' }: SceneInput): Scene {
  const [, url = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(request.url) ?? []
  const { origin, target } = splitUrl(url)
  const fields = readLoosely(scheme, request.headers, target)
  const { values } = fields
  const text = typeof request.body === 'string' ? request.body : request.body === undefined ? '' : textOf(request.body)
  const formOf = (field: string): string | undefined => {
    const carrier = scheme.carriers.find(one => one.in === 'form' && one.fields.includes(field))
    return carrier === undefined ? undefined : readForm(text, carrier.name)
  }
  const timestamp = values['timestamp'] ?? formOf('timestamp') ?? fields.moments[0] ?? ''
  const ownKeyId = values['keyId'] ?? keyId ?? ''
  const body =
    request.body === undefined || request.body.length === 0
      ? undefined
      : typeof request.body === 'string'
        ? utf8(request.body)
        : request.body
  const parameters = Object.fromEntries(
    Object.entries(scheme.parameters).map(([name, { default: value = '' }]) => [name, values[name] ?? value]),
  )
  const assumptions: Assumptions = {
    timestamp,
    method: request.method,
    origin,
    target: fields.target,
    body,
    parts: scheme.message,
    secret: 0,
    digest: 0,
  }
  const base: Call = {
    timestamp,
    nonce: values['nonce'] ?? formOf('nonce') ?? '',
    keyId: ownKeyId,
    passphrase,
    method: request.method,
    url: origin + fields.target,
    origin,
    target: fields.target,
    body,
    parameters,
    header: fields.header,
    hashes: [],
  }
  const reads = (...names: readonly string[]): boolean => names.some(name => scheme.fields.has(name))
  return {
    base,
    assumptions,
    presented: values['signature'] ?? '',
    keyId: ownKeyId,
    missing: fields.missing,
    hypotheses: [
      ...(reads('timestamp')
        ? timestampHypotheses(
            timestamp,
            fields.moments.filter(moment => moment !== timestamp),
          )
        : []),
      ...(reads('method') ? methodHypotheses(request.method) : []),
      ...(reads('url', 'target', 'path', 'query', 'origin', 'host', 'payload') ? urlHypotheses(basePath, fragment) : []),
      ...(reads('body', 'payload') ? bodyHypotheses(body) : []),
      ...arrangementHypotheses(scheme.message, body !== undefined),
    ],
  }
}

export type Write = (assumptions: Assumptions) => MaybePromise<Message>

/** Writes messages; the ways to put one together are compiled once each. */
export function createWriter(crypto: CryptoProvider, base: Call): Write {
  const compiled = new WeakMap<readonly Part[], CompiledMessage>()
  // One for all messages that are written at once; where hashes are waited for, each has its own.
  const shared = { ...base }
  return assumptions => {
    const { parts } = assumptions
    let message = compiled.get(parts)
    if (message === undefined) {
      const hashes: CompiledHash[] = []
      message = compileMessage(parts, hashes)
      compiled.set(parts, message)
    }
    const { write, hashes } = message
    if (hashes.length === 0) return write(setCall(shared, assumptions))
    const call = setCall({ ...base, hashes: [] }, assumptions)
    return whenReady(fillHashes(crypto, hashes, call), () => write(call))
  }
}
