import { resolve } from 'node:path'
import { isPostgres } from '../database/store-url.ts'

/** Which settings are paths, or lists of them; `*` stands for every entry of a list. */
export const PATH_SETTINGS = [
  'store',
  'masterKeyFile',
  'schemes.*',
  'tls.cert',
  'tls.key',
  'upstreamTls.ca',
  'upstreamTls.cert',
  'upstreamTls.key',
  'routes.*.upstreamTls.ca',
  'routes.*.upstreamTls.cert',
  'routes.*.upstreamTls.key',
  'identity.keyFiles.*',
  'spoolFolder',
  'oidc.clientSecretFile',
] as const

/** For the description of each in the schema. */
export const COUNTED = ' (paths count from this file’s folder)'

/** Of a URL of PostgreSQL, the parameters that are paths. */
const POSTGRES_FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const

/**
 * Settings as they were written, whose paths count from a folder: that of their file, so that they name the same files
 * wherever a command is run.
 */
export function withWholePaths(written: object, folder: string): object {
  return PATH_SETTINGS.reduce<object>(
    (settings, path) => changed(settings, path.split('.'), text => wholePath(text, folder)) as object,
    written,
  )
}

/** What is no text stays as it is: the schema tells of it. */
function changed(value: unknown, [name, ...rest]: readonly string[], change: (text: string) => string): unknown {
  if (name === undefined) return typeof value === 'string' ? change(value) : value
  if (name === '*') return Array.isArray(value) ? value.map(entry => changed(entry, rest, change)) : value
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return value
  return { ...value, [name]: changed((value as { readonly [name: string]: unknown })[name], rest, change) }
}

function wholePath(text: string, folder: string): string {
  if (isPostgres(text)) return withWholeFiles(text, folder)
  // An empty one is a mistake, `:memory:` is no file, and neither is what names another kind of store.
  return text === '' || text === ':memory:' || /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : resolve(folder, text)
}

/** The URL of a store stays as it was written but for the parameters that are paths. */
function withWholeFiles(store: string, folder: string): string {
  return store.replace(/([?&])([a-z]+)=([^&#]*)/g, (whole, sign: string, name: string, value: string) => {
    if (!POSTGRES_FILES.some(one => one === name) || value === '') return whole
    return `${sign}${name}=${encodeURIComponent(resolve(folder, decoded(value)))}`
  })
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}
