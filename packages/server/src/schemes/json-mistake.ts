/** A place in a text, both counted from 1. */
export interface TextPlace {
  readonly line: number
  readonly column: number
}

const SCALAR = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const NAME = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SPACE = /[ \t\n\r]*/y

/**
 * Where a text stops being JSON (RFC 8259): its first token that can't stand there, or its end. `JSON.parse` tells a
 * place for some mistakes only, and by offset.
 *
 * @returns undefined for JSON
 */
export function jsonMistake(text: string): TextPlace | undefined {
  /** The ends that are still to come. */
  const ends: string[] = []
  let at = 0
  let wants: 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'comma' = 'value'
  const takes = (token: RegExp | string): boolean => {
    if (typeof token === 'string') {
      if (!text.startsWith(token, at)) return false
      at += token.length
      return true
    }
    token.lastIndex = at
    if (!token.test(text)) return false
    at = token.lastIndex
    return true
  }
  const takesEnd = (): boolean => {
    const end = ends.at(-1)
    if (end === undefined || !takes(end)) return false
    ends.pop()
    wants = 'comma'
    return true
  }
  for (;;) {
    takes(SPACE)
    if (wants === 'comma' && ends.length === 0) return at === text.length ? undefined : placeOf(text, at)
    if (wants === 'colon') {
      if (!takes(':')) return placeOf(text, at)
      wants = 'value'
    } else if (wants === 'comma') {
      if (takesEnd()) continue
      if (!takes(',')) return placeOf(text, at)
      wants = ends.at(-1) === '}' ? 'name' : 'value'
    } else if (wants === 'name' || wants === 'first name') {
      if (wants === 'first name' && takesEnd()) continue
      if (!takes(NAME)) return placeOf(text, at)
      wants = 'colon'
    } else {
      if (wants === 'first value' && takesEnd()) continue
      if (takes('{')) {
        ends.push('}')
        wants = 'first name'
      } else if (takes('[')) {
        ends.push(']')
        wants = 'first value'
      } else if (takes(SCALAR)) wants = 'comma'
      else return placeOf(text, at)
    }
  }
}

function placeOf(text: string, at: number): TextPlace {
  const before = text.slice(0, at).split(/\r\n|\n|\r/)
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
