/**
 * Changes that no test can notice, each with the reason. `from` is the text that was changed, as far as it tells which
 * one is meant, `to` what it became.
 *
 * @type {readonly { file: string, from: string, to: string, reason: string }[]}
 */
export const EQUIVALENTS = []
