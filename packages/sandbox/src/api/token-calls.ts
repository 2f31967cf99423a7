import type { IncomingMessage } from 'node:http'
import { type KeyService, principalOf, qredoError } from '@countersign/server'
import { DEFAULT_MAX_BODY_BYTES, type Failure, failureOfKey, tell } from 'countersign'
import { readBody } from 'countersign/node'
import { qredoV2 } from 'countersign/schemes'
import type { Tokens } from '../tokens/tokens.ts'
import { type Refusal, refusalOf } from './answers.ts'
import type { Authenticate } from './api.ts'

export interface TokenCallsOptions {
  readonly tokens: Tokens
  readonly service: KeyService
  readonly clock: () => number
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
}

const HEADER = 'x-token'
const NOTHING = new Uint8Array()

const TOKEN_PROBLEMS = {
  missing: [
    'token-missing',
    'Missing token',
    `${HEADER} is missing: get a token from /workspaces/{workspace_id}/token and send it with every call.`,
  ],
  malformed: [
    'token-malformed',
    'Malformed token',
    `${HEADER} holds no token of this server: get one from /workspaces/{workspace_id}/token.`,
  ],
  expired: ['token-expired', 'Token expired', `The token has ended: get a new one, and have it refreshed at half of its life next time.`],
} as const

/** Knows callers by their token. What the key may do, and whether it is still good, is asked for every call. */
export function tokenCalls({ tokens, service, clock, onRefused }: TokenCallsOptions): Authenticate {
  const { source } = service
  return async (request, permissions) => {
    const refuse = (refusal: Refusal) => ({ ok: false as const, refusal })
    const fail = (failure: Failure) => {
      tell(onRefused, failure, request)
      return refuse(refusalOf(failure, qredoV2.name))
    }
    const token = request.headers[HEADER]
    if (typeof token !== 'string' || token === '') return refuse(problem('missing'))
    const holder = await tokens.verify(token)
    if (typeof holder === 'string') return refuse(problem(holder))
    const key = await Promise.resolve(source.find(holder.keyId)).catch(() => 'unavailable' as const)
    if (key === 'unavailable') return fail({ code: 'key-source-unavailable' })
    if (key === undefined) return refuse(problem('malformed'))
    const failure = failureOfKey(key, clock(), request.socket.remoteAddress)
    if (failure !== undefined) return fail(failure)
    if (permissions !== undefined && !permissions.some(name => key.permissions.has(name)))
      return fail({ code: 'permission-denied', keyId: key.id, required: permissions })
    const bytes = await readBody(request, DEFAULT_MAX_BODY_BYTES)
    if (bytes === 'too-large') return fail({ code: 'body-too-large', maxBytes: DEFAULT_MAX_BODY_BYTES })
    service.used(key, { via: qredoV2.name })
    return { ok: true, principal: principalOf(key), bytes: bytes ?? NOTHING, headers: {} }
  }
}

function problem(what: keyof typeof TOKEN_PROBLEMS): Refusal {
  const [code, msg, reason] = TOKEN_PROBLEMS[what]
  return {
    status: 401,
    body: qredoError(code, msg, reason),
    headers: {
      'www-authenticate': `Token realm="qredo-v2", header="${HEADER}"`,
      'cache-control': 'no-store',
      'content-type': 'application/json',
    },
  }
}
