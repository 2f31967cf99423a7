import { CountersignError } from '../contract/error.ts'
import type { FailureCode } from '../contract/failure.ts'
import { oneOf } from '../contract/one-of.ts'
import { refuseUnknown } from '../contract/refuse-unknown.ts'
import { createKey } from '../keys/key.ts'
import { qredoV1 } from '../schemes/qredo-v1.ts'
import { isDropped } from '../verify/body-reader.ts'
import { findDenial } from '../verify/permission.ts'
import { refused } from '../verify/refused.ts'
import { DEFAULT_MAX_BODY_BYTES, type IncomingRequest, type Refused, type Verified, type Verifier } from '../verify/types.ts'
import { EXAMPLES, type FailureOf } from './failures.ts'
import { MARK, refuseProduction } from './tests-only.ts'

/**
 * A verifier that refuses every call, on purpose, as a real one would that found this failure: same status, problem
 * details and headers. Its answers carry `x-countersign-testing: refusing`.
 *
 * ```ts
 * app.use(requireSignature(refusing('timestamp-out-of-window')))
 * app.use(requireSignature(refusing('permission-denied', { required: ['orders'] })))
 * ```
 *
 * @param details members of the failure, where the examples won't do
 * @throws CountersignError `option-invalid` for a code that doesn't exist; `testing-only` where NODE_ENV is neither
 * `test` nor `development` nor unset
 */
export function refusing<C extends FailureCode>(code: C, details: Partial<Omit<FailureOf<C>, 'code'>> = {}): Verifier {
  refuseProduction('refusing()')
  if (!Object.hasOwn(EXAMPLES, code))
    throw new CountersignError('option-invalid', `refusing: ${oneOf(code, 'code', Object.keys(EXAMPLES))}.`)
  const failure: FailureOf<C> = { ...EXAMPLES[code], ...details, code }
  const answer: Refused = { ...refused(failure), headers: { [MARK]: 'refusing' } }
  return {
    scheme: qredoV1,
    maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
    presents: () => true,
    bodyUseOf: () => undefined,
    verify: async () => answer,
  }
}

/** Whose call {@link accepting} takes every call for. */
export interface AcceptedCaller {
  readonly keyId: string
  /** What the key may do: a route that needs another permission refuses it. Default: nothing. */
  readonly permissions?: readonly string[] | undefined
  /** Handed on as `key.owner`. */
  readonly owner?: unknown
  /** When the call is said to be signed, in milliseconds since the epoch. Default: the time of the call. */
  readonly timestampMs?: number | undefined
}

const CALLER: readonly string[] = ['keyId', 'permissions', 'owner', 'timestampMs'] satisfies (keyof AcceptedCaller)[]

/**
 * A verifier that accepts every call, signed or not, as one of this key. Only permissions and the size of the body are
 * checked. Its answers carry `x-countersign-testing: accepting`.
 *
 * ```ts
 * app.use(requireSignature(accepting({ keyId: 'k1', permissions: ['orders'] })))
 * ```
 *
 * @throws CountersignError `option-invalid`; `testing-only` where NODE_ENV is neither `test` nor `development` nor
 * unset; also from `verify`, as it may be set later
 */
export function accepting(caller: AcceptedCaller): Verifier {
  refuseProduction('accepting()')
  refuseUnknown(caller, CALLER, 'accepting:')
  const { keyId, permissions, owner, timestampMs } = caller
  // A secret that nobody has.
  const secret = globalThis.crypto.getRandomValues(new Uint8Array(64))
  const key = createKey(qredoV1, { id: keyId, secret, permissions, owner })
  const headers = { [MARK]: 'accepting' }
  return {
    scheme: qredoV1,
    maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
    presents: () => true,
    bodyUseOf: () => USE,
    async verify({ body: given }, { permission } = {}) {
      refuseProduction('accepting()')
      const denial = findDenial(key, permission)
      if (denial !== undefined) return { ...refused(denial), headers }
      try {
        const body = await readBody(given)
        if (body === 'too-large') return { ...refused({ code: 'body-too-large', maxBytes: DEFAULT_MAX_BODY_BYTES }), headers }
        const accepted = { ok: true, key, body, timestampMs: timestampMs ?? Date.now() } as Verified
        return { ...accepted, headers }
      } catch (error) {
        return { ...refused({ code: 'body-unreadable' }, error), headers }
      }
    },
  }
}

const USE = { isWanted: () => true, digests: [] }

async function readBody(given: IncomingRequest['body']): Promise<Uint8Array | undefined | 'too-large'> {
  const body = typeof given === 'function' ? await given(DEFAULT_MAX_BODY_BYTES, USE) : given
  if (body === undefined || body === 'too-large') return body
  if (isDropped(body)) throw new TypeError('A body that is wanted was dropped.')
  return body.length > DEFAULT_MAX_BODY_BYTES ? 'too-large' : body
}
