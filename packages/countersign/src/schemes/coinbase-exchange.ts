import { readDeclaration } from '../scheme/read-declaration.ts'
import { dates } from '../sign/dates.ts'
import { markedBodies } from '../sign/marked-bodies.ts'
import { passphrases } from '../sign/passphrases.ts'

/** Coinbase Exchange. The timestamp may have decimals. */
export const coinbaseExchange = /* @__PURE__ */ readDeclaration(
  {
    name: 'coinbase-exchange',
    title: 'Coinbase Exchange',
    docs: 'https://docs.cdp.coinbase.com/exchange/rest-api/authentication',
    algorithm: 'hmac-sha256',
    secret: { encoding: 'base64' },
    timestamp: { formats: ['decimal-seconds'] },
    message: '{timestamp}{method}{target}{body}',
    signature: { encoding: 'base64' },
    headers: {
      'cb-access-key': '{keyId}',
      'cb-access-passphrase': '{passphrase}',
      'cb-access-timestamp': '{timestamp}',
      'cb-access-sign': '{signature}',
    },
  },
  { ...dates, ...passphrases, ...markedBodies },
)
