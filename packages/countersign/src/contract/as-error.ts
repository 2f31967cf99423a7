/**
 * What was thrown, if it is an error; else a new one, of which it is the cause: frameworks take `undefined` or a text
 * for "go on".
 */
export function asError(thrown: unknown, message: string): Error {
  return thrown instanceof Error ? thrown : new Error(message, { cause: thrown })
}
