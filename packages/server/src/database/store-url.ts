import { ServerError } from '../errors.ts'

export function isPostgres(store: string): boolean {
  return /^postgres(ql)?:\/\//i.test(store)
}

/** Before a folder of that name is made. @throws ServerError `store-unknown` */
export function refuseOtherKinds(store: string): void {
  const [, kind] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(store) ?? []
  if (kind === undefined || isPostgres(store)) return
  throw new ServerError('store-unknown', 500, `${kind}://… isn't a key store: give the path of an SQLite file, or postgres://….`)
}

export const POSTGRES_URL_IS = 'postgres://user:password@host:5432/database, with %-escapes for what is special in them'

/**
 * Whether a store could be opened, as far as its name tells. An empty host is that of this machine.
 *
 * @throws ServerError `store-unknown`, without the URL, which may have a password
 */
export function checkStoreName(store: string): void {
  refuseOtherKinds(store)
  if (!isPostgres(store) || URL.canParse(store.replace('@/', '@localhost/'))) return
  throw new ServerError('store-unknown', 500, `It has a URL that can't be read: ${POSTGRES_URL_IS}.`)
}
