import type { Scheme } from '../scheme/scheme.ts'
import { awsSigV4, awsSigV4Query } from './aws-sigv4.ts'
import { binance } from './binance.ts'
import { bitmex } from './bitmex.ts'
import { bybit } from './bybit.ts'
import { coinbaseExchange } from './coinbase-exchange.ts'
import { github } from './github.ts'
import { httpSignaturesDraft12 } from './http-signatures-draft-12.ts'
import { kraken } from './kraken.ts'
import { kucoin } from './kucoin.ts'
import { okx } from './okx.ts'
import { qredoPartner } from './qredo-partner.ts'
import { qredoV1 } from './qredo-v1.ts'
import { qredoV2 } from './qredo-v2.ts'
import { rfc9421 } from './rfc9421.ts'
import { shopify } from './shopify.ts'
import { slack } from './slack.ts'
import { standardWebhooks } from './standard-webhooks.ts'
import { stripe } from './stripe.ts'

/**
 * Every scheme that comes with the library, sorted by name. A plain array, so that a bundler can drop it with all the
 * schemes that a client doesn't import by name; `npm run size` would show it if one stayed.
 */
export const SCHEMES: readonly Scheme[] = [
  awsSigV4,
  awsSigV4Query,
  binance,
  bitmex,
  bybit,
  coinbaseExchange,
  github,
  httpSignaturesDraft12,
  kraken,
  kucoin,
  okx,
  qredoPartner,
  qredoV1,
  qredoV2,
  rfc9421,
  shopify,
  slack,
  standardWebhooks,
  stripe,
]

/** @returns `undefined` for a name that no scheme of the library has */
export function schemeNamed(name: string): Scheme | undefined {
  return SCHEMES.find(scheme => scheme.name === name)
}
