import { type Coverage, coverageByMethod, coverageOf, describeScheme, isDeclared, type Scheme } from 'countersign'

/** Rows of a table, label and text. */
export type Rows = readonly (readonly [label: string, text: string])[]

/** The table of what a signature covers, its open ends, and which calls a verifier takes unless it is told. */
export function coverageRows(scheme: Scheme): Rows {
  return [
    ...coverageByMethod(scheme).flatMap(({ methods, coverage }, _, { length }) => [
      ...labelled('covers', [...(length > 1 ? [`in ${methods}:`] : []), ...partLines(coverage)]),
      ...labelled(
        'open ends',
        coverage.openEnds.map(({ between, seen }) =>
          seen === 'never' ? `between ${between}: can't be seen in a call` : `between ${between}: looked at in each call`,
        ),
      ),
    ]),
    ...labelled('takes', [describeScheme(scheme).takes].filter(Boolean)),
    ...labelled('accepts', scheme.accepts.length === 0 ? [] : [scheme.accepts.join(', ')]),
  ]
}

/** Scheme and host of the URL are left out: a verifier takes its own. */
const CHANGEABLE = ['method', 'path', 'query', 'body'] as const

/** The parts that anyone could change in a signed call of this method. */
export function unsignedParts(scheme: Scheme, method: string): readonly string[] {
  const { parts } = coverageOf(scheme, method)
  return CHANGEABLE.filter(part => parts[part] === 'not')
}

/** The facts of a scheme as data, with its declaration where it has one. */
export function schemeFacts(scheme: Scheme): object {
  const { name, title, docs, algorithms, keys, secret, keyId, hasPassphrase, detectsReplays, only, accepts } = scheme
  return {
    name,
    title,
    docs,
    algorithms,
    keys,
    secret,
    keyId,
    hasPassphrase,
    detectsReplays,
    only,
    accepts,
    covers: coverageByMethod(scheme),
    ...(isDeclared(scheme) ? { declaration: scheme.declaration } : {}),
  }
}

function labelled(label: string, lines: readonly string[]): Rows {
  return lines.map((line, index) => [index === 0 ? label : '', line])
}

function partLines({ parts }: Coverage): readonly string[] {
  const width = Math.max(...Object.keys(parts).map(part => part.length))
  return Object.entries(parts).map(([part, covered]) => {
    const text = typeof covered === 'string' ? covered : `up to ${covered.join(', ')}`
    return `${part.padEnd(width)}  ${text}`
  })
}
