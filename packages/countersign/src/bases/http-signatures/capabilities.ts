import type { Call } from '../../recipe/call.ts'
import type { Capabilities, TextOf } from '../../recipe/compile.ts'
import { perCall } from '../../recipe/per-call.ts'
import { parametersOf } from '../../recipe/query-parameters.ts'
import type { FilterRecipe } from '../../recipe/recipe.ts'
import { encode, utf8 } from '../../wire/encoding.ts'
import { memberOf, queryValue, structured } from './component-values.ts'
import { serializeString } from './serialize-fields.ts'
import { parseDictionary } from './structured-fields.ts'

/** The field and the filters that only RFC 9421 has. */
export const capabilities: Capabilities = {
  field: name => (name === 'scheme' ? call => call.origin.slice(0, call.origin.indexOf('://')) : undefined),
  filter(recipe, value) {
    switch (recipe.filter) {
      case 'structured':
        return orMissing(
          value,
          (text, call) => structured(text, () => membersOf(call, headerOf(recipe), text).all),
          `"${headerOf(recipe)}";sf`,
        )
      case 'member':
        return orMissing(
          value,
          (text, call) => memberOf(membersOf(call, headerOf(recipe), text).all, recipe.with),
          `"${headerOf(recipe)}";key=${serializeString(recipe.with)}`,
        )
      case 'query-param':
        return orMissing(
          NOTHING,
          (_text, call) => queryValue(parametersOf(call), recipe.with),
          `"@query-param";name=${serializeString(recipe.with)}`,
        )
      case 'byte-lines':
        return byteLines(headerOf(recipe), value)
      default:
        return undefined
    }
  },
}

/** A query is read from the call itself, once for all of its parameters. */
const NOTHING: TextOf = () => ''
const membersOf = /* @__PURE__ */ perCall(text => ({ all: parseDictionary(text) }))

function orMissing(value: TextOf, change: (text: string, call: Call) => string | undefined, name: string): TextOf {
  return call => {
    const changed = change(value(call), call)
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
