/**
 * Changes that no test can notice, each with the reason. `from` is the text that was changed, as far as it tells which
 * one is meant, `to` what it became.
 *
 * @type {readonly { file: string, from: string, to: string, reason: string }[]}
 */
export const EQUIVALENTS = [
  {
    file: 'wire/parse-timestamp.ts',
    from: 'index < length',
    to: 'index <= length',
    reason: 'Behind the end of a text there is NaN, which is neither below nor above anything.',
  },
]
