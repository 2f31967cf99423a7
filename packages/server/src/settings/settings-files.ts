import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodeOf, ServerError } from '../errors.ts'
import type { UpstreamTls } from '../gateway/forward.ts'
import type { GatewayOptions, TlsFiles } from '../gateway/options.ts'
import { pemMistake } from '../gateway/pem-mistake.ts'
import { createIdentitySigner, type IdentityOptions } from '../gateway/signed-identity.ts'
import { type ReadFile, withSchemeFiles } from '../schemes/scheme-files.ts'
import type { GatewayConfig } from './config.ts'

/** What stood in the files that settings name, by their paths. */
export type NamedFiles = ReadonlyMap<string, Buffer>

/**
 * Reads schemes, certificates and keys, so that several processes go by the same, whatever becomes of the files.
 *
 * @throws ServerError what is wrong with them, with the setting and the file
 */
export function readNamedFiles(config: GatewayConfig): NamedFiles {
  const files = new Map<string, Buffer>()
  const read: ReadFile = path => {
    const bytes = readFileSync(path)
    files.set(path, bytes)
    return bytes
  }
  withFiles(config, read)
  withSchemeFiles(config.schemes ?? [], undefined, read)
  return files
}

/** Reads what was read before. @param files undefined: from the disk */
export function readerOf(files: NamedFiles | undefined): ReadFile {
  return path => files?.get(path) ?? readFileSync(path)
}

/**
 * The settings with what the files have that they name: certificates and keys.
 *
 * @throws ServerError `file-unreadable`, `tls-invalid`, `upstream-tls-invalid`, `identity-key-invalid`, which name the
 * setting and the file
 */
export function withFiles(config: GatewayConfig, read: ReadFile = readFileSync) {
  const { tls, upstreamTls, identity, routes, ...others } = config
  return {
    ...others,
    tls: tls === undefined ? undefined : readTls(tls.cert, tls.key, read),
    upstreamTls: readUpstreamTls('upstreamTls', upstreamTls, read),
    routes: routes.map((route, at) => ({ ...route, upstreamTls: readUpstreamTls(`routes.${at}.upstreamTls`, route.upstreamTls, read) })),
    identity: readIdentity(identity, read),
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
      `spoolFolder: ${path} isn't a folder that can be written to (${errorCodeOf(error) ?? error}): make it, or leave the setting out for the system's own.`,
    )
  }
}

/** @throws ServerError `file-unreadable`, `tls-invalid` */
function readTls(cert: string, key: string, read: ReadFile): TlsFiles {
  const files = { cert: readPem('tls.cert', cert, read), key: readPem('tls.key', key, read) }
  refuseMistake('tls-invalid', 'tls', files, { cert, key })
  return files
}

/** @throws ServerError `file-unreadable`, `upstream-tls-invalid` */
function readUpstreamTls(setting: string, upstreamTls: GatewayConfig['upstreamTls'], read: ReadFile): UpstreamTls | undefined {
  if (upstreamTls === undefined) return undefined
  const pem = (name: string, path: string | undefined) => (path === undefined ? undefined : readPem(`${setting}.${name}`, path, read))
  const files = { ca: pem('ca', upstreamTls.ca), cert: pem('cert', upstreamTls.cert), key: pem('key', upstreamTls.key) }
  refuseMistake('upstream-tls-invalid', setting, files, upstreamTls)
  return files
}

function refuseMistake(code: string, setting: string, files: UpstreamTls, paths: NonNullable<GatewayConfig['upstreamTls']>): void {
  const mistake = pemMistake(files)
  if (mistake === undefined) return
  const { of, what } = mistake
  throw new ServerError(code, 400, `${setting}.${of}: ${paths[of]} ${what}.`)
}

/** @throws ServerError `file-unreadable`, `identity-key-invalid` */
function readIdentity(identity: GatewayConfig['identity'], read: ReadFile): IdentityOptions | undefined {
  if (identity === undefined) return undefined
  const keys = identity.keyFiles.map(path => {
    const key = readPem('identity.keyFiles', path, read)
    try {
      createIdentitySigner([key])
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      throw new ServerError(error.code, error.status, `identity.keyFiles: ${path}: ${error.message}`)
    }
    return key
  })
  return { keys, audience: identity.audience }
}

function readPem(setting: string, path: string, read: ReadFile): Buffer {
  try {
    return read(path)
  } catch (error) {
    throw new ServerError('file-unreadable', 400, `${setting}: ${path} can't be read (${errorCodeOf(error) ?? error}).`)
  }
}
