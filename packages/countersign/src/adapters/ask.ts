/**
 * Calls an option of an adapter, such as `address`.
 *
 * @throws Error whatever it throws: a framework may take `undefined` or a text for "go on"
 */
export function ask<R, V>(option: (request: R) => V, request: R): V {
  try {
    return option(request)
  } catch (error) {
    throw error instanceof Error ? error : new Error('An option of the signature check failed.', { cause: error })
  }
}
