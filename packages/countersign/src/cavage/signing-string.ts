export interface SigningInput {
  readonly method: string
  readonly target: string
  /** Names in lower case. */
  readonly lines: readonly (readonly [name: string, value: string])[]
  /** Epoch seconds. */
  readonly created?: number | undefined
  readonly expires?: number | undefined
}

/** What is signed (draft-cavage-12 §2.3): a line for each name. `missing` is the first name that the request does not have. */
export function createSigningString(names: readonly string[], input: SigningInput): { readonly text: string; readonly missing?: string } {
  const lines: string[] = []
  for (const name of names) {
    const value = coveredValue(name, input)
    if (value === undefined) return { text: '', missing: name }
    lines.push(name === 'request-line' ? value : `${name}: ${value}`)
  }
  return { text: lines.join('\n') }
}

function coveredValue(name: string, { method, target, lines, created, expires }: SigningInput): string | undefined {
  switch (name) {
    case '(request-target)':
    case '@request-target':
      return `${method.toLowerCase()} ${target}`
    case 'request-line':
      return `${method} ${target} HTTP/1.1`
    case '(created)':
      return created === undefined ? undefined : String(created)
    case '(expires)':
      return expires === undefined ? undefined : String(expires)
    default: {
      const values = lines.filter(([own]) => own === name).map(([, value]) => value.trim())
      return values.length === 0 ? undefined : values.join(', ')
    }
  }
}
