/**
 * A JSON value that keeps what a parser throws away: how its numbers were written, and the order and repetition of its
 * members.
 */
export type JsonNode =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'word'; readonly text: 'true' | 'false' | 'null' }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: JsonNode])[] }

/** How another program would have written the same value. */
export interface JsonStyle {
  /** Between items; with `indent`, what stands before the line break. */
  readonly comma: string
  readonly colon: string
  readonly indent?: string | undefined
  /** Members by their names: everywhere, or in the outermost object only. */
  readonly sorted?: boolean | 'outermost' | undefined
  /** Everything outside ASCII as `\uXXXX`. */
  readonly ascii?: boolean | undefined
  /** `\/` for `/`, as PHP has it. */
  readonly slashes?: boolean | undefined
  /** `\u003c`, `\u003e` and `\u0026`, as Go has it. */
  readonly html?: boolean | undefined
  /** `kept` as they are, as JavaScript or as Python's floats would write them. */
  readonly numbers?: 'kept' | 'javascript' | 'floats' | undefined
}

/** Control characters are no part of a JSON string; JSON.parse, which reads each string again, throws for them. */
const TOKEN =
  /\s*(?:("(?:[^"\\\n\r\t]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([[\]{},:]))/y

/** People don't sign anything deeper than this by hand. */
const MAX_DEPTH = 64

/** Reads JSON; `undefined` when it is none. */
export function parseJsonText(text: string): JsonNode | undefined {
  let at = 0
  const next = (): RegExpExecArray | undefined => {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) return undefined
    at = TOKEN.lastIndex
    return match
  }
  const peek = (): string => {
    const start = at
    const mark = next()?.[4] ?? ''
    at = start
    return mark
  }
  const value = (depth: number): JsonNode | undefined => {
    if (depth > MAX_DEPTH) return undefined
    const [, string, number, word, mark] = next() ?? []
    if (string !== undefined) return { kind: 'string', value: JSON.parse(string) as string }
    if (number !== undefined) return { kind: 'number', text: number }
    if (word !== undefined) return { kind: 'word', text: word as 'true' }
    if (mark === '[') {
      const items = list(']', () => value(depth + 1))
      return items === undefined ? undefined : { kind: 'array', items }
    }
    if (mark !== '{') return undefined
    const members = list('}', (): readonly [string, JsonNode] | undefined => {
      const name = next()?.[1]
      if (name === undefined || next()?.[4] !== ':') return undefined
      const member = value(depth + 1)
      return member === undefined ? undefined : [JSON.parse(name) as string, member]
    })
    return members === undefined ? undefined : { kind: 'object', members }
  }
  const list = <T>(end: string, read: () => T | undefined): T[] | undefined => {
    const all: T[] = []
    if (peek() === end) {
      next()
      return all
    }
    for (;;) {
      const one = read()
      if (one === undefined) return undefined
      all.push(one)
      const mark = next()?.[4]
      if (mark === end) return all
      if (mark !== ',') return undefined
    }
  }
  const whole = value(0)
  return whole !== undefined && text.slice(at).trim() === '' ? whole : undefined
}

export function writeJson(node: JsonNode, style: JsonStyle, depth = 0): string {
  switch (node.kind) {
    case 'string':
      return writeString(node.value, style)
    case 'number':
      return writeNumber(node.text, style)
    case 'word':
      return node.text
    case 'array':
      return wrap(
        '[',
        ']',
        node.items.map(item => writeJson(item, style, depth + 1)),
        style,
        depth,
      )
    case 'object': {
      const isSorted = style.sorted === true || (style.sorted === 'outermost' && depth === 0)
      const members = isSorted ? [...node.members].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : node.members
      return wrap(
        '{',
        '}',
        members.map(([name, member]) => writeString(name, style) + style.colon + writeJson(member, style, depth + 1)),
        style,
        depth,
      )
    }
  }
}

function wrap(open: string, close: string, items: readonly string[], { comma, indent }: JsonStyle, depth: number): string {
  if (items.length === 0) return open + close
  if (indent === undefined) return open + items.join(comma) + close
  const line = `\n${indent.repeat(depth + 1)}`
  return `${open}${line}${items.join(comma.trimEnd() + line)}\n${indent.repeat(depth)}${close}`
}

function writeString(value: string, { ascii, slashes, html }: JsonStyle): string {
  let text = JSON.stringify(value)
  if (slashes === true) text = text.replaceAll('/', '\\/')
  if (html === true) text = text.replace(/[<>&\u2028\u2029]/g, escapeUnicode)
  return ascii === true ? text.replace(/[\u007f-\uffff]/g, escapeUnicode) : text
}

function escapeUnicode(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function writeNumber(text: string, { numbers = 'kept' }: JsonStyle): string {
  if (numbers === 'kept') return text
  const value = Number(text)
  if (numbers === 'javascript') return Number.isFinite(value) ? String(value) : 'null'
  return /[.eE]/.test(text) ? String(value) : `${text}.0`
}

/** What `String(JSON.parse(text))` would be as a value again, for those who print their language's own form. */
export function writePythonRepr(node: JsonNode): string {
  switch (node.kind) {
    case 'string':
      return pythonString(node.value)
    case 'number':
      return node.text
    case 'word':
      return { true: 'True', false: 'False', null: 'None' }[node.text]
    case 'array':
      return `[${node.items.map(writePythonRepr).join(', ')}]`
    case 'object':
      return `{${node.members.map(([name, member]) => `${writePythonRepr({ kind: 'string', value: name })}: ${writePythonRepr(member)}`).join(', ')}}`
  }
}

/** In single quotes, unless there is a single quote and no double one in it. */
function pythonString(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
  const escapes: { readonly [char: string]: string } = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', [quote]: `\\${quote}` }
  return quote + value.replace(/[\\\n\r\t'"]/g, char => escapes[char] ?? char) + quote
}

/** A flat object as a form would carry it; `undefined` for anything else. */
export function writeForm(node: JsonNode, encode: (text: string) => string): string | undefined {
  if (node.kind !== 'object') return undefined
  const pairs: string[] = []
  for (const [name, member] of node.members) {
    if (member.kind === 'array' || member.kind === 'object') return undefined
    pairs.push(`${encode(name)}=${encode(member.kind === 'string' ? member.value : member.text)}`)
  }
  return pairs.join('&')
}
