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
