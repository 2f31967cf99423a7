/** A request that was copied from somewhere: a terminal, a browser, a log. */
export interface PastedRequest {
  readonly method: string
  /** As it was pasted, with its fragment if there was one. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array | undefined
}

/** What was pasted can't be read. `code` is stable. */
export class PastedError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** `name: value` lines as pairs, names in lower case. @throws PastedError `header-malformed` */
export function readHeaderLines(lines: readonly string[]): [string, string][] {
  return lines.map(line => {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (match?.[1] === undefined)
      throw new PastedError('header-malformed', `${JSON.stringify(line.slice(0, 40))} is not a header: write 'name: value'.`)
    return [match[1].toLowerCase(), match[2] ?? '']
  })
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
