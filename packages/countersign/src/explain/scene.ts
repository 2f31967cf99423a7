import { type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Call } from '../recipe/call.ts'
import { type CompiledRecipe, compile, partsOf } from '../recipe/compile.ts'
import { DECLARED } from '../recipe/declared.ts'
import { fillHashes } from '../recipe/fill-hashes.ts'
import { hashOf, type Recipe } from '../recipe/recipe.ts'
import { utf8 } from '../wire/encoding.ts'
import { readForm } from '../wire/form.ts'
import type { Message } from '../wire/message.ts'
import { splitUrl } from '../wire/url.ts'
import { bodyHypotheses } from './bodies.ts'
import { textOf } from './difference.ts'
import { type Assumptions, changing, type Hypothesis, setCall } from './hypothesis.ts'
import type { ExplainInput } from './input.ts'
import { createMeter, OVER_BUDGET } from './meter.ts'
import { methodHypotheses } from './methods.ts'
import { mutations } from './mutations.ts'
import { readLoosely } from './read-loosely.ts'
import { COPIED_FOR_REWRITTEN, COPY_COST, type Rewriting } from './rewriting.ts'
import { timestampHypotheses } from './timestamps.ts'
import { urlHypotheses } from './urls.ts'

/** The part of `ExplainInput` that determines the correct message. */
export type SceneInput = Pick<ExplainInput, 'scheme' | 'request' | 'keyId' | 'passphrase' | 'basePath'>

export interface Scene {
  readonly base: Call
  readonly assumptions: Assumptions
  readonly hypotheses: readonly Hypothesis[]
  readonly presented: string
  readonly keyId: string
  readonly missing: readonly string[]
}

function unlimited(): Rewriting {
  return { meter: createMeter({}), maxBytes: Number.POSITIVE_INFINITY }
}

/** The request as a verifier would see it, read however it is spelled. */
export function setScene(
  { scheme, request, keyId, passphrase = '', basePath = '' }: SceneInput,
  rewriting: Rewriting = unlimited(),
): Scene {
  const [, url = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(request.url) ?? []
  const { origin, target } = splitUrl(url)
  const fields = readLoosely(scheme, request.headers, target)
  const { values } = fields
  const bodyText = (): string => (typeof request.body === 'string' ? request.body : textOf(request.body ?? new Uint8Array()))
  const formOf = (field: string): string | undefined => {
    const carrier = scheme.carriers.find(one => one.in === 'form' && one.fields.includes(field))
    return carrier === undefined ? undefined : readForm(bodyText(), carrier.name)
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
    recipe: scheme.message,
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
    covered: [],
    hashes: [],
    missing: undefined,
  }
  const reads = (...names: readonly string[]): boolean => names.some(name => scheme.fields.has(name))
  return {
    base,
    assumptions,
    presented: values['signature'] ?? '',
    keyId: ownKeyId,
    missing: [...fields.missing, ...signedHeaders(scheme.message).filter(name => fields.header(name) === undefined)],
    hypotheses: [
      ...(reads('timestamp')
        ? timestampHypotheses(
            timestamp,
            fields.moments.filter(moment => moment !== timestamp),
          )
        : []),
      ...(reads('method') ? methodHypotheses(request.method) : []),
      ...(reads('url', 'target', 'path', 'query', 'origin', 'host', 'payload') ? urlHypotheses(basePath, fragment) : []),
      ...(reads('body', 'payload') ? bodyHypotheses(body, rewriting) : []),
      ...messageHypotheses(scheme.message),
    ],
  }
}

/** The mutations of the right recipe; of one that is changed already there are none. */
function messageHypotheses(right: Recipe): readonly Hypothesis[] {
  return Array.from(mutations(right), ({ recipe, ...named }) => ({
    ...named,
    dimension: 'message',
    ...changing('recipe', current => (current === right ? recipe : undefined)),
  }))
}

/** Headers of the request's own that the message can't be made without. */
function signedHeaders(message: Recipe): readonly string[] {
  return partsOf(message).flatMap(part =>
    part.op === 'field' && part.field.startsWith('header.') ? [part.field.slice('header.'.length)] : [],
  )
}

export type Write = (assumptions: Assumptions) => MaybePromise<Message>

/** Writes messages; the ways to put one together are compiled once each. */
export function createWriter(crypto: CryptoProvider, base: Call, rewriting: Rewriting = unlimited()): Write {
  const { meter, maxBytes } = rewriting
  const compiled = new WeakMap<Recipe, CompiledRecipe & { readonly copies: number }>()
  /** A message with the body and another run of bytes is put together as a copy. */
  function countCopies(copied: number): void {
    if (copied > maxBytes * COPIED_FOR_REWRITTEN || !meter.spend(copied * COPY_COST)) throw OVER_BUDGET
  }

  // One for all messages that are written at once; where hashes are waited for, each has its own.
  const shared = { ...base }
  return assumptions => {
    const { recipe } = assumptions
    let made = compiled.get(recipe)
    if (made === undefined) {
      made = { ...compile(recipe, DECLARED), copies: copiesOf(recipe) }
      compiled.set(recipe, made)
    }
    const { write, hashes, copies } = made
    if (copies > 0) countCopies(copies * (assumptions.body?.length ?? 0))
    if (hashes.length === 0) return write(setCall(shared, assumptions))
    const call = setCall({ ...base, hashes: [] }, assumptions)
    return whenReady(fillHashes(crypto, hashes, call), () => write(call))
  }
}

/** How often the body is copied into a message: not at all where it is the only run of bytes. */
function copiesOf(recipe: Recipe): number {
  const parts = partsOf(recipe)
  const bodies = parts.filter(part => part.op === 'field' && (part.field === 'body' || part.field === 'payload')).length
  const hashes = parts.filter(part => part.op === 'filter' && hashOf(part)?.encoding === 'raw').length
  return bodies + hashes > 1 ? bodies : 0
}
