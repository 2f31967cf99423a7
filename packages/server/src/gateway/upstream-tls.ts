import { ServerError } from '../errors.ts'
import type { UpstreamTls } from './forward.ts'
import { pemMistake } from './pem-mistake.ts'

/**
 * Whether a connection can be made with these, so that a mistake shows when the gateway starts and not with each call.
 *
 * @throws ServerError `upstream-tls-invalid`
 */
export function checkUpstreamTls(upstream: string, tls: UpstreamTls): void {
  if (!upstream.startsWith('https:')) throw invalid('it is for an https:// upstream, and this one is http://')
  const mistake = pemMistake(tls)
  if (mistake !== undefined) throw invalid(`${mistake.of} ${mistake.what}`)
}

function invalid(what: string): ServerError {
  return new ServerError('upstream-tls-invalid', 400, `upstreamTls: ${what}.`)
}
