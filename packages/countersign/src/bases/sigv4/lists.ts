import type { Call } from '../../recipe/call.ts'
import { type Capabilities, compileText, partsOf, type TextOf } from '../../recipe/compile.ts'
import { decodeEscapes } from '../../recipe/path-filters.ts'
import { fieldsOf, type ListRecipe } from '../../recipe/recipe.ts'
import { queryOf } from '../../wire/url.ts'

/** What `+` in a query stands for: itself, as RFC 3986 has it, or a space, as forms have it. */
export type Plus = 'literal' | 'space'

/** A parameter of a query, decoded. */
export type Pair = readonly [name: string, value: string]

/** Lists of a query's parameters or of the covered headers. */
export function createLists(plus: Plus): NonNullable<Capabilities['list']> {
  return (recipe, capabilities) =>
    recipe.from === 'query' ? compileQueryList(recipe, capabilities, plus) : compileCoveredList(recipe, capabilities)
}

/** Takes a query apart. @param except names that are left out, exactly as they stand in the query */
export function readPairs(query: string, plus: Plus, except: readonly string[] = []): Pair[] {
  return query.split('&').flatMap(parameter => {
    const pair = readPair(parameter, plus, except)
    return pair === undefined ? [] : [pair]
  })
}

function readPair(parameter: string, plus: Plus, except: readonly string[]): Pair | undefined {
  if (parameter === '') return undefined
  const decode = plus === 'space' ? decodeForm : decodeEscapes
  const equals = parameter.indexOf('=')
  const name = equals < 0 ? parameter : parameter.slice(0, equals)
  return except.includes(name) ? undefined : [decode(name), equals < 0 ? '' : decode(parameter.slice(equals + 1))]
}

function decodeForm(text: string): string {
  return decodeEscapes(text.replace(/\+/g, ' '))
}

function compileQueryList(recipe: ListRecipe, capabilities: Capabilities, plus: Plus): TextOf {
  const item = compileItem(recipe, capabilities)
  return call => {
    const query = queryOf(call.target)
    if (recipe.sort !== 'written')
      return readPairs(query, plus, recipe.except)
        .map(([name, value]) => item.write(call, name, value))
        .join(recipe.join)
    // Thousands of short parameters are mostly the same few, and each is written and sorted once.
    const written = new Map<string, Written>()
    for (const parameter of query.split('&')) {
      const known = written.get(parameter)
      if (known !== undefined) {
        known.times++
        continue
      }
      const pair = readPair(parameter, plus, recipe.except)
      if (pair === undefined) continue
      const text = item.write(call, pair[0], pair[1])
      written.set(parameter, { text, name: item.spelledName(), value: item.spelledValue(), times: 1 })
    }
    const texts: string[] = []
    for (const { text, times } of [...written.values()].sort(byNameThenValue)) for (let left = times; left > 0; left--) texts.push(text)
    return texts.join(recipe.join)
  }
}

function compileCoveredList(recipe: ListRecipe, capabilities: Capabilities): TextOf {
  const item = compileItem(recipe, capabilities)
  const readsValue = fieldsOf(recipe.each).includes('value')
  return call => {
    let text = ''
    for (const name of call.covered) {
      const value = readsValue ? call.header(name) : ''
      if (value === undefined) call.missing ??= name
      if (text !== '') text += recipe.join
      text += item.write(call, name, value ?? '')
    }
    return text
  }
}

interface Keys {
  readonly name: string
  readonly value: string
}

interface Written extends Keys {
  readonly text: string
  /** How often it stands in the query. */
  times: number
}

interface ItemWriter {
  readonly write: (call: Call, name: string, value: string) => string
  /** How the item that was just written spells its name. */
  readonly spelledName: () => string
  /** And its value. */
  readonly spelledValue: () => string
}

/** Writes items one after the other: `name` and `value` are fields that hold those of the item at hand. */
function compileItem({ each }: ListRecipe, capabilities: Capabilities): ItemWriter {
  const item = { name: '', value: '' }
  const own: Capabilities = {
    ...capabilities,
    field: field => (field === 'name' ? () => item.name : field === 'value' ? () => item.value : capabilities.field?.(field)),
  }
  const parts = partsOf(each)
  const texts = parts.map(part => compileText(part, [], own))
  const [nameAt, valueAt] = (['name', 'value'] as const).map(field => parts.findIndex(part => fieldsOf(part).includes(field)))
  let [name, value] = ['', '']
  return {
    write(call, ofName, ofValue) {
      item.name = ofName
      item.value = ofValue
      let text = ''
      for (let at = 0; at < texts.length; at++) {
        const part = texts[at]?.(call) ?? ''
        if (at === nameAt) name = part
        if (at === valueAt) value = part
        text += part
      }
      return text
    },
    spelledName: () => name,
    spelledValue: () => value,
  }
}

function byNameThenValue(a: Keys, b: Keys): number {
  return compare(a.name, b.name) || compare(a.value, b.value)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
