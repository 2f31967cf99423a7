import { asError } from '../contract/as-error.ts'

/**
 * Calls an option of an adapter, such as `address`.
 *
 * @throws Error the option's error; anything else it throws becomes the `cause` of a new one
 */
export function ask<R, V>(option: (request: R) => V, request: R): V {
  try {
    return option(request)
  } catch (error) {
    throw asError(error, 'An option of the signature check failed.')
  }
}
