import type { IncomingMessage } from 'node:http'
import type { KeyService } from '@countersign/server'
import {
  createVerifier,
  type Deprecation,
  deprecated,
  type Failure,
  isDeclared,
  memoryReplayGuard,
  type Only,
  type ReplayGuard,
  type Scheme,
  type Verifier,
} from 'countersign'
import { explainRefusals } from 'countersign/explain'
import { qredoPartner, qredoV1, qredoV2, rfc9421 } from 'countersign/schemes'
import type { Authenticate } from './api/api.ts'
import { signedCalls } from './api/signed-calls.ts'
import { tokenCalls } from './api/token-calls.ts'
import { partnerEndpoints } from './partner/endpoints.ts'
import { nonceGuard } from './partner/nonces.ts'
import type { Store } from './store/database.ts'
import type { Tokens } from './tokens/tokens.ts'

export interface DoorsOptions {
  readonly service: KeyService
  readonly store: Store
  readonly tokens: Tokens
  readonly clock: () => number
  /** `http://…`; WebSockets may be signed for as `ws://…`, too. */
  readonly origins: readonly string[]
  /** Set when v1 is on its way out. */
  readonly deprecation?: Deprecation | undefined
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
}

/** How callers of each API are known. */
export interface Doors {
  readonly v1: Authenticate
  readonly v1Feed: Authenticate
  /** The one call that is signed for a token. */
  readonly v2Token: Authenticate
  readonly v2: Authenticate
  readonly partner: Authenticate
}

/** What a verifier takes beyond its scheme's defaults. */
interface Door {
  /** The schemes whose keys it takes. Default: its own. */
  readonly keysOf?: readonly string[] | undefined
  readonly guard?: ReplayGuard | undefined
  readonly only?: Only | undefined
}

/** The Partner API doesn't sign the method, so nothing but the methods of its endpoints is taken. */
const PARTNER_METHODS: readonly string[] = [...new Set(partnerEndpoints.map(({ method }) => method))]

export function createDoors({ service, store, tokens, clock, origins, deprecation, onRefused }: DoorsOptions): Doors {
  // One for all: v1 and v2 sign the same message, and no signature is good for both.
  const replay = memoryReplayGuard({ clock })

  function verifierOf(scheme: Scheme, origin: readonly string[], { keysOf = [scheme.name], guard = replay, only }: Door = {}): Verifier {
    const keys = service.source.ofScheme(...keysOf)
    const explained =
      isDeclared(scheme) && scheme.keys === 'secret'
        ? explainRefusals({
            scheme,
            keys,
            onExplained: ({ keyId, failure, explanation }) => service.refusals.explained(keyId, failure, explanation.causes),
          })
        : undefined
    return createVerifier(scheme, {
      origin,
      keys,
      clock,
      replay: guard,
      only,
      onRefused(refusal) {
        service.refusals.refused(refusal)
        explained?.(refusal)
      },
    })
  }

  function v1Of(origin: readonly string[]): Authenticate {
    const plain = verifierOf(qredoV1, origin)
    const verifier =
      deprecation === undefined
        ? plain
        : deprecated(plain, deprecation, {
            what: 'scheme',
            clock,
            // Those that are let through are counted with all others.
            onRefused: failure => service.lastUsed.used('keyId' in failure ? failure.keyId : '', qredoV1.name),
          })
    return signedCalls({ verifiers: [verifier, verifierOf(rfc9421, origin)], service, onRefused })
  }

  return {
    v1: v1Of(origins),
    v1Feed: v1Of([...origins, ...origins.map(origin => origin.replace(/^http/, 'ws'))]),
    // A key of v1 gets tokens, too: who moves keeps their keys.
    v2Token: signedCalls({ verifiers: [verifierOf(qredoV2, origins, { keysOf: [qredoV1.name, qredoV2.name] })], service, onRefused }),
    v2: tokenCalls({ tokens, service, clock, onRefused }),
    partner: signedCalls({
      verifiers: [verifierOf(qredoPartner, origins, { guard: nonceGuard(store, clock), only: { methods: PARTNER_METHODS } })],
      service,
      onRefused,
    }),
  }
}
