import { createSecureContext } from 'node:tls'
import { ServerError } from '../errors.ts'
import type { UpstreamTls } from './forward.ts'

/**
 * Whether a connection can be made with these, so that a mistake shows when the gateway starts and not with each call.
 *
 * @throws ServerError `upstream-tls-invalid`
 */
export function checkUpstreamTls(upstream: string, tls: UpstreamTls): void {
  if (!upstream.startsWith('https:')) throw invalid('it is for an https:// upstream, and this one is http://')
  for (const [name, pem] of Object.entries({ ca: tls.ca, cert: tls.cert }))
    if (pem !== undefined && !/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(String(pem)))
      throw invalid(`${name} holds no certificate in PEM`)
  try {
    createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key })
  } catch (error) {
    throw invalid(
      error instanceof Error && /key values mismatch/.test(error.message)
        ? 'key is not the one of cert'
        : 'cert or key can’t be read as PEM',
    )
  }
}

function invalid(what: string): ServerError {
  return new ServerError('upstream-tls-invalid', 400, `upstreamTls: ${what}.`)
}
