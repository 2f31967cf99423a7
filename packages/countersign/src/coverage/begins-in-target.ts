import { TARGET_CHARACTERS } from '../wire/url.ts'

/** Whether a body begins with a character that a path or query could go on with. JSON never does. */
export function beginsInTarget(body: string | Uint8Array | undefined): boolean {
  return body !== undefined && IN_TARGET.test(typeof body === 'string' ? body : String.fromCharCode(body[0] ?? 0))
}

const IN_TARGET = /* @__PURE__ */ new RegExp(`^[${TARGET_CHARACTERS}]`)
