/** A key of a dictionary or parameter: RFC 9651 §3.1.2. */
export const KEY = /[a-z*][a-z0-9_\-.*]*/

/** A token: RFC 9651 §3.3.4. */
export const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/

/** What stands between the colons of a byte sequence: RFC 9651 §3.3.5. */
export const BASE64 = /[A-Za-z0-9+/]*={0,2}/

/** An expression that takes a text as a whole. */
export function whole({ source }: RegExp): RegExp {
  return new RegExp(`^(?:${source})$`)
}

/** An expression that goes on where the last one ended. */
export function next({ source }: RegExp): RegExp {
  return new RegExp(source, 'y')
}
