import type { Field, Part } from '../template.ts'
import { changing, type Hypothesis } from './hypothesis.ts'

const SEPARATORS: readonly (readonly [text: string, name: string, weight: number])[] = [
  ['\n', 'a newline', 1],
  ['.', 'a dot', 2],
  ['|', 'a bar', 2],
  [':', 'a colon', 2],
  ['&', 'an ampersand', 2],
  [' ', 'a space', 2],
  [',', 'a comma', 3],
  ['\r\n', 'CRLF', 3],
  ['-', 'a dash', 3],
  ['\0', 'a NUL byte', 4],
]

/** What may be signed in the place of another part, when people take one for the other. */
const TAKEN_FOR: readonly (readonly [right: Field, wrong: Field, weight: number, what: string])[] = [
  ['url', 'target', 1, 'path and query alone, without scheme and host'],
  ['url', 'path', 1, 'the path alone'],
  ['url', 'host', 2, 'the host alone'],
  ['url', 'origin', 3, 'scheme and host alone'],
  ['url', 'query', 3, 'the query alone'],
  ['target', 'url', 1, 'the full URL'],
  ['target', 'path', 1, 'the path without the query'],
  ['target', 'query', 3, 'the query alone'],
  ['path', 'target', 1, 'the path with the query'],
  ['path', 'url', 1, 'the full URL'],
  ['query', 'target', 2, 'path and query'],
  ['query', 'url', 2, 'the full URL'],
  ['payload', 'body', 2, 'the body'],
  ['payload', 'query', 2, 'the query'],
  ['host', 'origin', 2, 'the host with its scheme'],
]

/** Every way to have put the message together otherwise: other parts, another order, other separators. */
export function arrangementHypotheses(parts: readonly Part[], hasBody: boolean): readonly Hypothesis[] {
  const variable = parts.filter(part => part.kind !== 'literal')
  const names = (list: readonly Part[]): string => list.map(nameOf).join(', ')
  const right = `Put together what the scheme says, in its order: ${names(variable)}.`
  const all: Hypothesis[] = []
  const add = (
    code: string,
    weight: number,
    did: string,
    change: (parts: readonly Part[]) => readonly Part[] | undefined,
    fix = right,
  ): void => {
    all.push({
      code: `message-${code}`,
      dimension: 'message',
      weight,
      did,
      fix,
      ...changing('parts', current => (current === parts ? change(current) : undefined)),
    })
  }
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'literal') {
      add('literal-missing', 3, `It left out ${JSON.stringify(part.text)}.`, list => list.filter((_, at) => at !== index))
      continue
    }
    const name = nameOf(part)
    if (variable.length > 1)
      add(`without-${name}`, name === 'body' || name === 'timestamp' ? 3 : 1, `It left {${name}} out of what it signed.`, list =>
        list.filter((_, at) => at !== index),
      )
    add(`${name}-doubled`, 3, `It signed {${name}} twice.`, list => [...list.slice(0, index + 1), ...list.slice(index)])
    if (part.kind === 'hash') {
      add('body-not-hashed', 1, 'It signed the body itself where its hash is wanted.', list => replaced(list, index, part.of))
      add('hash-in-other-encoding', 2, 'It signed the hash of the body in another encoding.', list =>
        replaced(list, index, [{ ...part, encoding: part.encoding === 'hex' ? 'base64' : 'hex' }]),
      )
      add('hash-upper-case', 2, 'It signed the hash of the body in upper case.', list =>
        replaced(list, index, [{ ...part, encoding: 'hex-upper' }]),
      )
    }
    if (part.kind !== 'field') continue
    if (part.field === 'body' && hasBody)
      for (const encoding of ['hex', 'base64'] as const)
        add(`body-hashed-${encoding}`, 2, `It signed the SHA-256 of the body (${encoding}) where the body itself is wanted.`, list =>
          replaced(list, index, [{ kind: 'hash', digest: 'sha256', encoding, of: [part] }]),
        )
    if (part.change !== undefined)
      add(`${name}-unchanged`, 1, `It signed {${name}} as it is, where the scheme wants it ${part.change}.`, list =>
        replaced(list, index, [{ ...part, change: undefined }]),
      )
    for (const [from, to, weight, what] of TAKEN_FOR)
      if (from === part.field)
        add(
          `${to}-for-${from}`,
          weight,
          `It signed ${what} for {${from}}.`,
          list => replaced(list, index, [{ ...part, field: to }]),
          `Sign {${from}} as the scheme has it.`,
        )
  }
  if (variable.length > 1) {
    for (const order of orders(variable))
      add('other-order', 2, `It put the parts in another order: ${names(order)}.`, () => inOrder(parts, order))
    for (const [text, name, weight] of SEPARATORS)
      add('separator-added', weight, `It put ${name} between the parts.`, list =>
        list.flatMap((part, index) => (index === 0 ? [part] : [literal(text), part])),
      )
    if (parts.some(part => part.kind === 'literal'))
      for (const [text, name, weight] of [['', 'nothing', 1] as const, ...SEPARATORS])
        add('separator-other', weight + 1, `It put ${name} between the parts, where the scheme has something else.`, list =>
          list.map(part => (part.kind === 'literal' ? literal(text) : part)),
        )
  }
  add(
    'newline-at-end',
    2,
    'It signed the message with a newline at its end.',
    list => [...list, literal('\n')],
    'Sign the message without a newline at its end (echo adds one; printf %s does not).',
  )
  add('space-at-end', 4, 'It signed the message with a space at its end.', list => [...list, literal(' ')])
  if (!parts.some(part => part.kind === 'field' && part.field === 'keyId'))
    add('key-id-in-front', 3, 'It put the key id in front of the message.', list => [
      { kind: 'field', field: 'keyId', or: undefined, change: undefined },
      ...list,
    ])
  return all
}

function literal(text: string): Part {
  return { kind: 'literal', text }
}

function replaced(parts: readonly Part[], index: number, by: readonly Part[]): readonly Part[] {
  return [...parts.slice(0, index), ...by, ...parts.slice(index + 1)]
}

function nameOf(part: Part): string {
  switch (part.kind) {
    case 'literal':
      return part.text
    case 'field':
      return part.field
    case 'mac':
      return part.field
    case 'hash':
      return part.of.map(nameOf).join('')
  }
}

/** As many other orders are tried: all of up to four parts, of more those that swap two. */
const MOST_PERMUTED = 4

function orders(parts: readonly Part[]): readonly (readonly Part[])[] {
  if (parts.length <= MOST_PERMUTED) return permutations(parts).slice(1)
  const swaps: Part[][] = []
  for (let first = 0; first < parts.length; first++) {
    for (let second = first + 1; second < parts.length; second++) {
      const swapped = [...parts]
      const [a, b] = [parts[first], parts[second]]
      if (a === undefined || b === undefined) continue
      swapped[first] = b
      swapped[second] = a
      swaps.push(swapped)
    }
  }
  return swaps
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, index) => permutations([...items.slice(0, index), ...items.slice(index + 1)]).map(rest => [item, ...rest]))
}

/** The variable parts in another order, the literals where they stand. */
function inOrder(parts: readonly Part[], order: readonly Part[]): readonly Part[] {
  let next = 0
  return parts.map(part => (part.kind === 'literal' ? part : (order[next++] ?? part)))
}
