import { qredoPartner, qredoV1, qredoV2, rfc9421 } from 'countersign/schemes'
import type { Api } from './api/api.ts'
import type { Doors } from './doors.ts'
import { endpoints } from './endpoints/index.ts'
import { tokenEndpoints } from './endpoints/token.ts'
import { partnerEndpoints } from './partner/endpoints.ts'
import { requiredForPartner, requiredForQredo } from './permissions.ts'
import type { Tokens } from './tokens/tokens.ts'

export const V1_BASE = '/qapi/v1'
export const V2_BASE = '/api/v2'
export const PARTNER_BASE = '/api/v1/p'

/** By which schemes the calls of each API are signed. */
const SIGNED_BY = { v1: [qredoV1.name, rfc9421.name], v2Token: [qredoV2.name], partner: [qredoPartner.name] } as const
export const SCHEMES: readonly string[] = Object.values(SIGNED_BY).flat()

/** Everything that is answered, and to whom. */
export function createApis(doors: Doors, tokens: Tokens): readonly Api[] {
  const { token, refresh } = tokenEndpoints(tokens)
  return [
    {
      title: 'Qredo API v1',
      base: V1_BASE,
      endpoints,
      requiredFor: requiredForQredo,
      authenticate: doors.v1,
      security: SIGNED_BY.v1,
    },
    {
      title: 'Qredo API v2, the token call',
      base: V2_BASE,
      endpoints: [token],
      requiredFor: requiredForQredo,
      authenticate: doors.v2Token,
      security: SIGNED_BY.v2Token,
    },
    {
      title: 'Qredo API v2',
      base: V2_BASE,
      endpoints: [refresh, ...endpoints],
      requiredFor: requiredForQredo,
      authenticate: doors.v2,
      security: ['x-token'],
    },
    {
      title: 'Partner API',
      base: PARTNER_BASE,
      endpoints: partnerEndpoints,
      requiredFor: requiredForPartner,
      authenticate: doors.partner,
      security: SIGNED_BY.partner,
    },
  ]
}
