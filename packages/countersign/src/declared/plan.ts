import { payloadIsQuery } from '../recipe/call.ts'
import { compile } from '../recipe/compile.ts'
import { DECLARED } from '../recipe/declared.ts'
import { hashIndex } from '../recipe/hashes.ts'
import { fieldsOf, hashOf, type Recipe } from '../recipe/recipe.ts'
import { type BodyDigest, claimOf, completed, type Plan, type Stated } from '../scheme/plan.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import { publicTarget } from '../wire/origins.ts'
import { compilePresence } from './presence.ts'
import { compilePresentedReader, type Presented } from './presented.ts'

/** Turns a declaration into what a verifier runs. */
export function createDeclaredPlan(scheme: DeclaredScheme): Plan {
  const { read, readBody, readTime } = compilePresentedReader(scheme)
  const made = compile(scheme.message, DECLARED)
  const signed = scheme.message.of.flatMap(fieldsOf)
  const signsBody = signed.includes('body')
  // One that is only signed, a verifier knows for itself.
  const carriesPassphrase = scheme.carriers.some(({ fields }) => fields.includes('passphrase'))
  const signsPayload = signed.includes('payload')
  const hasFormTime = scheme.carriers.some(carrier => carrier.in === 'form' && carrier.fields.includes('timestamp'))
  const statedOf = ({ digests }: Presented): readonly Stated[] =>
    digests.flatMap(({ recipe, text }) => {
      const hash = made.hashes[hashIndex(recipe, [...made.hashes], DECLARED)]
      return hash === undefined ? [] : [{ text, hash }]
    })

  return {
    readsBody: readBody !== undefined,
    presents: compilePresence(scheme),

    read(request) {
      const presented = read(request)
      if ('code' in presented) return presented
      const moment = hasFormTime ? 'in-body' : readTime(presented.timestamp)
      if (typeof moment === 'object' && 'code' in moment) return moment
      return claimOf({
        keyId: presented.keyId,
        host: presented.host,
        nonce: presented.nonce,
        signature: presented.signature,
        moreSignatures: presented.moreSignatures,
        algorithms: undefined,
        passphrase: carriesPassphrase ? presented.passphrase : undefined,
        stated: presented.digests.length === 0 ? NONE : statedOf(presented),
        body: signsBody || (signsPayload && !payloadIsQuery(request.method)) ? 'whole' : 'not-signed',
        call: presented,
        moment,
        otherwise: undefined,
      })
    },

    complete(claim, body) {
      if (readBody === undefined) return completed(claim, body)
      const fields = claim.call as Presented
      const failure = readBody(fields, body === 'deferred' ? undefined : body)
      if (failure !== undefined) return failure
      const moment = readTime(fields.timestamp)
      if (moment !== undefined && 'code' in moment) return moment
      return completed({ ...claim, nonce: fields.nonce }, body, moment)
    },

    compose(claim, origin) {
      const call = claim.call as Presented
      call.origin = origin.origin
      call.target = publicTarget(origin, call.requestTarget)
      call.url = origin.origin + call.target
      return { recipe: scheme.message, made, call, chain: undefined }
    },

    statedDigest(claim) {
      const [only, second] = claim.stated
      return only === undefined || second !== undefined || readBody !== undefined ? undefined : deferrable(scheme.message.of, only)
    },
  }
}

const NONE: readonly never[] = []

/** The digest of the body, where the message reaches the body through nothing else. */
function deferrable(parts: readonly Recipe[], { text, hash: { recipe } }: Stated): BodyDigest | undefined {
  const hash = hashOf(recipe)
  if (hash === undefined || (hash.encoding !== 'hex' && hash.encoding !== 'base64')) return undefined
  if (hash.of.op !== 'field' || hash.of.field !== 'body') return undefined
  const others = parts.filter(part => JSON.stringify(part) !== JSON.stringify(recipe)).flatMap(fieldsOf)
  return others.includes('body') || others.includes('payload') ? undefined : { algorithm: hash.digest, encoding: hash.encoding, text }
}
