import { NoAnswerError } from '../process/no-answer.ts'
import { tell } from '../process/streams.ts'
import { printableWord } from '../text/printable.ts'

/** Of an answer's body, decoded, in bytes: it is kept in memory until it is shown. */
const MAX_ANSWER_BYTES = 268_435_456

/** @throws NoAnswerError where it breaks off, or is larger than 256 MiB */
export async function readAnswer(response: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  try {
    for await (const piece of response.body ?? []) {
      pieces.push(piece)
      length += piece.length
      if (length > MAX_ANSWER_BYTES) break
    }
  } catch (error) {
    throw new NoAnswerError(error)
  }
  if (length > MAX_ANSWER_BYTES) throw new NoAnswerError(new Error(`the answer is larger than ${MAX_ANSWER_BYTES / 1_048_576} MiB`))
  return Buffer.concat(pieces)
}

export interface ToldOptions {
  readonly include?: boolean
  readonly verbose?: boolean
}

/** Tells what there is to know beside the body: status and headers if wanted, a refusal, and a redirection. */
export function tellOfAnswer(response: Response, called: string, { include, verbose }: ToldOptions): void {
  if (response.url !== '' && response.url !== new URL(called).href) tell(`redirected to ${printableWord(response.url)}`)
  if (verbose === true) return
  if (include === true || !response.ok) tell(`HTTP ${response.status} ${printableWord(response.statusText)}`)
  if (include === true) for (const [name, value] of response.headers) tell(`${name}: ${printableWord(value, Number.POSITIVE_INFINITY)}`)
}
