/**
 * How bodies are sent and signed, and what every server answers: the data of the tests, and of the table in
 * docs/frameworks.md. Not published.
 */

/** The most bytes that the verifiers of the tests take. */
export const LIMIT = 1000

export interface Sending {
  /** In the words of the docs. */
  readonly title: string
  /** What is sent, in pieces; between them is a pause. */
  readonly pieces: readonly string[]
  /**
   * How its length is told. Without one, a body comes in chunks over HTTP/1.1 and in frames over HTTP/2; `none` sends
   * neither a length nor a body.
   */
  readonly framing: 'none' | 'length' | 'unknown'
  /** The client leaves before the last piece. */
  readonly isAborted?: boolean
}

const BODY = '{"name":"é"}'
const LARGE = `{"name":"${'x'.repeat(LIMIT)}"}`

export const SENDINGS = {
  none: { title: 'no body', pieces: [], framing: 'none' },
  length: { title: 'with its length', pieces: [BODY], framing: 'length' },
  unknown: { title: 'without a length', pieces: [BODY], framing: 'unknown' },
  'late with length': { title: 'late, with its length', pieces: ['', '{"name"', ':"é', '"}'], framing: 'length' },
  'late unknown': { title: 'late, without a length', pieces: ['', '{"name"', ':"é', '"}'], framing: 'unknown' },
  'empty with length': { title: 'empty, with the length 0', pieces: [''], framing: 'length' },
  'empty unknown': { title: 'empty, without a length', pieces: [''], framing: 'unknown' },
  'too large with length': { title: 'too large, with its length', pieces: [LARGE], framing: 'length' },
  'too large unknown': { title: 'too large, without a length', pieces: [LARGE.slice(0, 600), LARGE.slice(600)], framing: 'unknown' },
  'aborted with length': { title: 'cut off, with its length', pieces: ['{"name"', ':"é"}'], framing: 'length', isAborted: true },
  'aborted unknown': { title: 'cut off, without a length', pieces: ['{"name"', ':"é"}'], framing: 'unknown', isAborted: true },
} satisfies { readonly [name: string]: Sending }

/** How what is signed differs from what is sent. */
export const SIGNINGS = {
  right: 'signed as sent',
  'without body': 'signed without a body',
  'other body': 'signed with a body, or another one',
} as const

export type Signing = keyof typeof SIGNINGS

/** What is signed where a `Sending` is sent. */
export function signedBody(sending: Sending, signing: Signing): string | undefined {
  if (signing === 'without body') return undefined
  const sent = sending.pieces.join('')
  return signing === 'right' ? sent || undefined : '{"other":1}'
}

/** The status, or `nothing` where no client is left to answer; `undefined` where the signing is as good as another. */
export function expectedAnswer(sending: Sending, signing: Signing): number | 'nothing' | undefined {
  const isEmpty = sending.pieces.join('') === ''
  if (signing === 'without body' && isEmpty) return undefined
  if (sending.isAborted) return signing === 'right' ? 'nothing' : undefined
  if (sending.pieces.join('').length > LIMIT) return signing === 'right' ? 413 : undefined
  return signing === 'right' ? 200 : 401
}

/** The rows of the docs: every server answers all in the same way. */
export function docsTable(servers: readonly string[]): string {
  const rows = Object.values(SENDINGS).map((sending: Sending) => {
    const answers = Object.keys(SIGNINGS).map(signing => expectedAnswer(sending, signing as Signing) ?? '')
    return `| ${sending.title} | ${answers.join(' | ')} |`
  })
  return [
    `| body | ${Object.values(SIGNINGS).join(' | ')} |`,
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    `So it is with each of: ${servers.join('; ')}.`,
  ].join('\n')
}
