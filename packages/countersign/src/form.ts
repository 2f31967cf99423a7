/**
 * What a form-encoded body may hold: `name=value`, joined by `&`, and no character that says it is something else, such
 * as JSON.
 */
const FORM = /^(?:[^=&\s"<>\\^`{|}]+=[^&\s"<>\\^`{|}]*(?:&|$))*$/

export function isForm(text: string): boolean {
  return FORM.test(text)
}

/** The value of a parameter of a form-encoded body: `undefined` when it is not there, the empty text when it comes twice or empty. */
export function readForm(text: string, name: string): string | undefined {
  const found = text.split('&').filter(parameter => parameter.startsWith(`${name}=`))
  const [only] = found
  if (only === undefined) return undefined
  return found.length === 1 ? only.slice(name.length + 1) : ''
}

export function addToForm(text: string, name: string, value: string): string {
  return `${name}=${value}${text === '' ? '' : `&${text}`}`
}
