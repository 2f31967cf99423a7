import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodeOf, ServerError } from '../errors.ts'
import type { UpstreamTls } from '../gateway/forward.ts'
import type { GatewayOptions, TlsFiles } from '../gateway/options.ts'
import { pemMistake } from '../gateway/pem-mistake.ts'
import type { IdentityOptions } from '../gateway/signed-identity.ts'
import type { GatewayConfig } from '../settings/config.ts'

/**
 * The settings with what the files have that they name: certificates and keys.
 *
 * @throws ServerError `file-unreadable`, `tls-invalid`, `upstream-tls-invalid`, which name the setting and the file
 */
export function withFiles(config: GatewayConfig) {
  const { tls, upstreamTls, identity, routes, ...others } = config
  return {
    ...others,
    tls: tls === undefined ? undefined : readTls(tls.cert, tls.key),
    upstreamTls: readUpstreamTls('upstreamTls', upstreamTls),
    routes: routes.map((route, at) => ({ ...route, upstreamTls: readUpstreamTls(`routes.${at}.upstreamTls`, route.upstreamTls) })),
    identity: readIdentity(identity),
  } satisfies Omit<Partial<GatewayOptions>, 'schemes'> & Pick<GatewayConfig, 'schemes'>
}

/** A folder that is not there would be noticed with the first large body only. @throws ServerError `file-unreadable` */
export function checkSpoolFolder(path: string): void {
  try {
    accessSync(join(path, '.'), constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new ServerError(
      'file-unreadable',
      400,
      `spoolFolder: ${path} is no folder that can be written to (${errorCodeOf(error) ?? error}): make it, or leave the setting out for the system's own.`,
    )
  }
}

/** @throws ServerError `file-unreadable`, `tls-invalid` */
function readTls(cert: string, key: string): TlsFiles {
  const files = { cert: readPem('tls.cert', cert), key: readPem('tls.key', key) }
  refuseMistake('tls-invalid', 'tls', files, { cert, key })
  return files
}

/** @throws ServerError `file-unreadable`, `upstream-tls-invalid` */
function readUpstreamTls(setting: string, upstreamTls: GatewayConfig['upstreamTls']): UpstreamTls | undefined {
  if (upstreamTls === undefined) return undefined
  const read = (name: string, path: string | undefined) => (path === undefined ? undefined : readPem(`${setting}.${name}`, path))
  const files = { ca: read('ca', upstreamTls.ca), cert: read('cert', upstreamTls.cert), key: read('key', upstreamTls.key) }
  refuseMistake('upstream-tls-invalid', setting, files, upstreamTls)
  return files
}

function refuseMistake(code: string, setting: string, files: UpstreamTls, paths: NonNullable<GatewayConfig['upstreamTls']>): void {
  const mistake = pemMistake(files)
  if (mistake === undefined) return
  const { of, what } = mistake
  throw new ServerError(code, 400, `${setting}.${of}: ${paths[of]} ${what}.`)
}

function readIdentity(identity: GatewayConfig['identity']): IdentityOptions | undefined {
  return identity === undefined
    ? undefined
    : { keys: identity.keyFiles.map(path => readPem('identity.keyFiles', path)), audience: identity.audience }
}

function readPem(setting: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ServerError('file-unreadable', 400, `${setting}: ${path} can't be read (${errorCodeOf(error) ?? error}).`)
  }
}
