import type { ParameterDeclaration } from './declaration.ts'

/**
 * The characters of each kind, for a regular expression's `[…]`, and how many there may be. Readers and the guards of
 * boundaries both use these.
 */
const KINDS: { readonly [C in ParameterDeclaration['characters']]: readonly [characters: string, most: number] } = {
  digits: ['0-9', 19],
  token: ['A-Za-z0-9_\\-', 128],
  visible: ['!-~', 128],
}

/** The characters that a parameter may hold, for a regular expression's `[…]`. */
export function parameterCharacters({ characters, without = '' }: Pick<ParameterDeclaration, 'characters' | 'without'>): string {
  const [allowed] = KINDS[characters]
  if (without === '') return allowed
  const inClass = new RegExp(`[${allowed}]`)
  return Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
    .filter(char => inClass.test(char) && !without.includes(char))
    .map(char => char.replace(/[\\\]^-]/, '\\$&'))
    .join('')
}

/** What a parameter's value looks like, for a regular expression. */
export function parameterPattern(parameter: Pick<ParameterDeclaration, 'characters' | 'without'> = { characters: 'token' }): string {
  return `[${parameterCharacters(parameter)}]{1,${KINDS[parameter.characters][1]}}`
}
