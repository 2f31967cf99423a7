import { ALGORITHMS, type Algorithm, algorithmFacts } from '../../crypto/algorithm.ts'

/** What the draft names (§2.2), with `username` for Kong. Other names are ignored, as the draft has it. */
const KNOWN = ['keyId', 'username', 'algorithm', 'created', 'expires', 'headers', 'signature'] as const

export type DraftParameters = { readonly [N in (typeof KNOWN)[number]]?: string }

/** In characters. */
const MAX_LENGTH = 8192

/**
 * `name="text"`, `name=token`, with optional white space (RFC 9110 §5.6.3) around the equals sign and behind the value.
 */
const PARAMETER = /[ \t]*([A-Za-z0-9_-]{1,64})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#-+\--~]+))[ \t]*(,|$)/y

/**
 * Reads the parameters; `undefined` where they are malformed, or where one that is known comes twice.
 *
 * @param word the authentication scheme's name, in any case; empty where there is none
 */
export function readParameters(value: string, word: string): DraftParameters | undefined {
  const start = skipWord(value, word)
  if (start === undefined || value.length > MAX_LENGTH) return undefined
  const parameters: { -readonly [N in keyof DraftParameters]: string } = {}
  PARAMETER.lastIndex = start
  for (;;) {
    const match = PARAMETER.exec(value)
    if (match === null) return undefined
    const [, given, quoted, token, end] = match
    const name = KNOWN.find(known => known === given)
    if (name !== undefined) {
      const isNumber = name === 'created' || name === 'expires'
      if (parameters[name] !== undefined || quoted?.includes('\\') || (quoted === undefined && !isNumber)) return undefined
      parameters[name] = quoted ?? token ?? ''
    }
    if (end === '') return parameters
  }
}

function skipWord(value: string, word: string): number | undefined {
  if (word === '') return 0
  const isWord = value.slice(0, word.length).toLowerCase() === word.toLowerCase()
  return isWord && /[ \t]/.test(value.charAt(word.length)) ? word.length + 1 : undefined
}

/** The draft's names; algorithms without one are `hs2019`, which says that the key knows. */
export function draftName(algorithm: Algorithm): string {
  if (algorithmFacts(algorithm).family === 'hmac') return algorithm
  return algorithm === 'rsa-v1_5-sha256' ? 'rsa-sha256' : algorithm === 'ecdsa-p256-sha256' ? 'ecdsa-sha256' : 'hs2019'
}

/** Labels that are no algorithm's name in RFC 9421. */
const LABELS: { readonly [label: string]: readonly Algorithm[] } = {
  'rsa-sha256': ['rsa-v1_5-sha256'],
  'rsa-sha512': ['rsa-v1_5-sha512', 'rsa-pss-sha512'],
  'ecdsa-sha256': ['ecdsa-p256-sha256'],
  'ed25519-sha512': ['ed25519'],
}

const NAMED: ReadonlyMap<string, readonly Algorithm[]> = /* @__PURE__ */ new Map([
  ...ALGORITHMS.map(name => [name, [name]] as const),
  ...Object.entries(LABELS),
])

const NONE: readonly Algorithm[] = []

/** What a label allows; `undefined` where it says that the key knows, or where there is none. */
export function labelled(label: string | undefined): readonly Algorithm[] | undefined {
  return label === undefined || label === 'hs2019' ? undefined : (NAMED.get(label) ?? NONE)
}
