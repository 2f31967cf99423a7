/** What the library says of its options, and what the command calls them. */
const FLAGS: readonly (readonly [said: RegExp, flag: string])[] = [
  [/set allowShortSecret\b/, 'give --allow-short-secret'],
  [/give publicKey, in PEM/, 'give --public-key-file'],
  [/give a publicKey, or/, 'give --public-key-file, or'],
  [/wants a privateKey, in PEM/, 'wants a private key, in PEM: give --private-key-file'],
  [/, or allow '([a-z-]+)'/, ', or give --allow $1'],
  [/give them in the signer's option parameters, or to sigV4\(\{ service, region \}\)/, 'give --param service=… and --param region=…'],
  [/set redirect: 'manual' to go on yourself/, 'call it there yourself, if that is meant'],
]

/** A message of the library for whoever has the command. */
export function asFlags(message: string): string {
  return FLAGS.reduce((text, [said, flag]) => text.replace(said, flag), message)
}
