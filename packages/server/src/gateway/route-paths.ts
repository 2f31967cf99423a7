import { ServerError } from '../errors.ts'

/** @throws ServerError `route-invalid` where a route would never be used, and with it what it demands */
export function checkUsed(routes: readonly { readonly path: string; readonly methods?: readonly string[] | undefined }[]): void {
  const taken = new Set<string>()
  for (const { path, methods = ['all methods'] } of routes)
    for (const method of methods) {
      const calls = `${method} of ${prefixOf(path) || '/'}`
      if (taken.has(calls)) throw new ServerError('route-invalid', 400, `Two routes are for ${calls}: put them together.`)
      taken.add(calls)
    }
}

/** The path of a route without a slash at the end. */
export function prefixOf(path: string): string {
  return path.replace(/\/+$/, '')
}

/** @throws ServerError `route-invalid` where no request has such a path */
export function checkPath(path: string): void {
  if (!path.startsWith('/')) throw new ServerError('route-invalid', 400, `The path of a route begins with a slash: ${path}`)
  if (!/^[!-~]*$/.test(path))
    throw new ServerError('route-invalid', 400, `The path of a route is ASCII, as on the request line: write ${encodeURI(path)}`)
  if (/[?#*{}()[\]<>|^$,\\]|\.[+*]|\/:|%(?:2a|3[ce]|5[bd]|7[bd])/i.test(path))
    throw new ServerError(
      'route-invalid',
      400,
      `The path of a route is a prefix of paths, without query, wildcards and parameters: ${path} is for no request. Write /orders for /orders/7.`,
    )
}
