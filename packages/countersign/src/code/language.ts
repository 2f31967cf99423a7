import type { Digest } from '../algorithm.ts'
import type { BytesEncoding } from '../encoding.ts'
import type { TextChange } from '../template.ts'
import { merged, type Piece, type Program } from './program.ts'

/** A language that programs are written in. */
export interface Language {
  /** What users type. */
  readonly name: string
  readonly title: string
  /** What to call the file. */
  readonly fileName: string
  /** Why this program can not be written in this language; `undefined` when it can. */
  readonly findObstacle?: (program: Program) => string | undefined
  readonly write: (program: Program) => string
}

/** How a language writes the expressions that a message and headers are made of. */
export interface Dialect {
  readonly literal: (text: string) => string
  /** The variable of a value. */
  readonly variable: (name: string) => string
  readonly concat: (texts: readonly string[]) => string
  readonly change: { readonly [C in TextChange]: (text: string) => string }
  /** The bytes of a hash of a text. */
  readonly hash: (digest: Digest, text: string) => string
  /** The bytes of the HMAC, with the secret, of the passphrase. */
  readonly passphraseMac: (digest: Digest) => string
  readonly encode: (bytes: string, encoding: BytesEncoding) => string
  readonly toBytes: (text: string) => string
  readonly concatBytes: (bytes: readonly string[]) => string
}

export function textExpression(dialect: Dialect, pieces: readonly Piece[]): string {
  const texts = merged(pieces).map(piece => pieceExpression(dialect, piece))
  return texts.length === 0 ? dialect.literal('') : texts.length === 1 ? (texts[0] ?? '') : dialect.concat(texts)
}

/** For a message with a raw hash in it, which is no text. */
export function bytesExpression(dialect: Dialect, pieces: readonly Piece[]): string {
  return dialect.concatBytes(
    merged(pieces).map(piece =>
      piece.kind === 'hash' && piece.encoding === 'raw'
        ? dialect.hash(piece.digest, textExpression(dialect, piece.of))
        : dialect.toBytes(pieceExpression(dialect, piece)),
    ),
  )
}

function pieceExpression(dialect: Dialect, piece: Piece): string {
  switch (piece.kind) {
    case 'literal':
      return dialect.literal(piece.text)
    case 'mac':
      return dialect.encode(dialect.passphraseMac(piece.digest), piece.encoding)
    case 'hash':
      return dialect.encode(
        dialect.hash(piece.digest, textExpression(dialect, piece.of)),
        piece.encoding === 'raw' ? 'hex' : piece.encoding,
      )
    case 'value': {
      const variable = dialect.variable(piece.name)
      return piece.change === undefined ? variable : dialect.change[piece.change](variable)
    }
  }
}

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** Whether a value of a format is made anywhere in the program. */
export function makesNonce(program: Program, ...formats: readonly string[]): boolean {
  return [program.nonce, ...program.parameters.map(({ generate }) => generate)].some(
    format => format !== undefined && formats.includes(format),
  )
}
