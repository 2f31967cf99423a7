import { createPaint, type Style } from '../text/paint.ts'

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g

/** Deeper JSON is left as it came: each level takes room on every line. */
const MAX_DEPTH = 64

/**
 * JSON over several lines, its tokens as they came: no digit of a number is lost, names that come twice stay.
 *
 * @returns undefined where the text is no JSON, or nested more than 64 levels deep
 */
export function prettyJson(text: string, hasColors: boolean): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  const paint = createPaint(hasColors)
  const tokens = text.match(TOKENS) ?? []
  const lines: string[] = []
  let line = ''
  let depth = 0
  const newLine = (): void => {
    lines.push(line)
    line = '  '.repeat(depth)
  }
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1] ?? ''
    if (token === '{' || token === '[') {
      line += token
      if (++depth > MAX_DEPTH) return undefined
      if (next !== '}' && next !== ']') newLine()
    } else if (token === '}' || token === ']') {
      depth--
      const before = tokens[at - 1]
      if (before !== '{' && before !== '[') newLine()
      line += token
    } else if (token === ',') {
      line += token
      newLine()
    } else if (token === ':') line += ': '
    else if (next === ':') line += paint('cyan', token)
    else line += paint(styleOf(token), token)
  }
  return [...lines, line].join('\n')
}

function styleOf(token: string): Style {
  if (token.startsWith('"')) return 'green'
  return /^[-\d]/.test(token) ? 'yellow' : 'magenta'
}
