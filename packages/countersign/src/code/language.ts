import type { Program } from './program.ts'

/** A language that programs are written in. */
export interface Language {
  /** What users type. */
  readonly name: string
  readonly title: string
  /** What to call the file. */
  readonly fileName: string
  /** Why this program can't be written in this language; `undefined` when it can. */
  readonly findObstacle?: (program: Program) => string | undefined
  readonly write: (program: Program) => string
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

/** Whether code calls a function of that very name: `FromHex(` isn't a call of `Hex`. */
export function callsFunction(code: string, name: string): boolean {
  return new RegExp(`(?<!\\w)${name}\\(`).test(code)
}
