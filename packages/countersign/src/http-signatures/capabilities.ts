import { encode, utf8 } from '../encoding.ts'
import type { Capabilities, TextOf } from '../recipe/compile.ts'
import type { FilterRecipe } from '../recipe/recipe.ts'
import { queryParameter, structured, structuredMember } from './component-values.ts'
import { serializeString } from './serialize-fields.ts'

/** The field and the filters that only RFC 9421 has. */
export const capabilities: Capabilities = {
  field: name => (name === 'scheme' ? call => call.origin.slice(0, call.origin.indexOf('://')) : undefined),
  filter(recipe, value) {
    switch (recipe.filter) {
      case 'structured':
        return orMissing(value, structured, `"${headerOf(recipe)}";sf`)
      case 'member':
        return orMissing(value, text => structuredMember(text, recipe.with), `"${headerOf(recipe)}";key=${serializeString(recipe.with)}`)
      case 'query-param':
        return orMissing(value, text => queryParameter(text, recipe.with), `"@query-param";name=${serializeString(recipe.with)}`)
      case 'byte-lines':
        return byteLines(headerOf(recipe), value)
      default:
        return undefined
    }
  },
}

function orMissing(value: TextOf, change: (text: string) => string | undefined, name: string): TextOf {
  return call => {
    const changed = change(value(call))
    if (changed === undefined) call.missing ??= name
    return changed ?? ''
  }
}

/** Each line in base64 (§2.1.3), so that it shows where one ends. */
function byteLines(name: string, value: TextOf): TextOf {
  return call => {
    // Says whether the header is there, and that no line holds a line break.
    value(call)
    const lines = call.header(name, '\n')?.split('\n') ?? []
    return lines.map(line => `:${encode(utf8(line), 'base64')}:`).join(', ')
  }
}

function headerOf({ of }: FilterRecipe): string {
  return of.op === 'field' ? of.field.slice('header.'.length) : ''
}
