import type { Recipe } from '../../recipe/recipe.ts'
import { encode, utf8 } from '../../wire/encoding.ts'
import { findLines } from '../../wire/header-lines.ts'
import { isHeaderName } from '../../wire/headers.ts'
import { queryOf } from '../../wire/url.ts'
import { MAX_COVERED } from '../covered-limits.ts'
import { componentRecipe } from './component-recipe.ts'
import { queryParameter, structured, structuredMember } from './component-values.ts'
import { serializeBareItem, serializeParameters } from './serialize-fields.ts'
import type { InnerList, Item } from './structured-fields.ts'

/** A request or a response, as the components of RFC 9421 see it. */
export interface HttpMessage {
  /** Every line as it came or goes, names in any case. */
  readonly headers: Lines
  readonly trailers?: Lines | undefined
  /** Of a request. */
  readonly method?: string | undefined
  /** Of a request: scheme, host and port as the client knows them, in lower case and without the scheme's own port. */
  readonly origin?: string | undefined
  /** Of a request: path and query as on the request line. */
  readonly target?: string | undefined
  /** Of a response. */
  readonly status?: number | undefined
  /** Of a response: the request that it answers, for components with `;req`. */
  readonly request?: HttpMessage | undefined
}

export type Lines = readonly (readonly [name: string, value: string])[]

/** The value of a component in a message; `undefined` when the message has none. */
type ComponentValue = (message: HttpMessage) => string | undefined

/** A component identifier, read. */
export interface Component {
  /** As it stands in the signature base: `"@query-param";name="x"`. */
  readonly identifier: string
  /** Field name in lower case, or derived component with its `@`. */
  readonly name: string
  readonly value: ComponentValue
  /** How a request's own value is made; `undefined` for what only a response or a trailer has. */
  readonly recipe: Recipe | undefined
}

const PARAMETERS = new Set(['sf', 'key', 'bs', 'tr', 'req', 'name'])

/**
 * Reads a covered component (RFC 9421 §2). `undefined` for one that is unknown, or whose parameters contradict each
 * other: then the whole signature is refused.
 */
export function readComponent({ item, parameters }: Item): Component | undefined {
  if (item.type !== 'string' || parameters.some(([name]) => !PARAMETERS.has(name))) return undefined
  const name = item.value
  const flags = new Set<string>()
  const texts = new Map<string, string>()
  for (const [parameter, value] of parameters) {
    if (value.type === 'boolean' && value.value && parameter !== 'key' && parameter !== 'name') flags.add(parameter)
    else if (value.type === 'string' && (parameter === 'key' || parameter === 'name')) texts.set(parameter, value.value)
    else return undefined
  }
  const own = name.startsWith('@') ? readDerived(name, flags, texts) : readField(name, flags, texts)
  if (own === undefined) return undefined
  const identifier = serializeBareItem(item) + serializeParameters(parameters)
  const value: ComponentValue = flags.has('req') ? message => (message.request === undefined ? undefined : own(message.request)) : own
  return { identifier, name, value, recipe: componentRecipe(name, flags, texts) }
}

/** Reads all components of a signature; `undefined` when one is unknown, or comes twice, or there are too many. */
export function readComponents({ items }: Pick<InnerList, 'items'>): readonly Component[] | undefined {
  if (items.length > MAX_COVERED) return undefined
  const components: Component[] = []
  const seen = new Set<string>()
  for (const item of items) {
    const component = readComponent(item)
    if (component === undefined || seen.has(component.identifier)) return undefined
    seen.add(component.identifier)
    components.push(component)
  }
  return components
}

function readDerived(name: string, flags: ReadonlySet<string>, texts: ReadonlyMap<string, string>): ComponentValue | undefined {
  const allowed = name === '@query-param' ? texts.has('name') && texts.size === 1 : texts.size === 0
  if (!allowed || [...flags].some(flag => flag !== 'req')) return undefined
  switch (name) {
    case '@method':
      return ({ method }) => method
    case '@target-uri':
      return ({ origin, target }) => (origin === undefined || target === undefined ? undefined : origin + target)
    case '@authority':
      return ({ origin }) => origin?.slice(origin.indexOf('://') + 3)
    case '@scheme':
      return ({ origin }) => origin?.slice(0, origin.indexOf('://'))
    case '@request-target':
      return ({ target }) => target
    case '@path':
      return ({ target }) => target?.split('?', 1)[0]
    case '@query':
      return ({ target }) => (target === undefined ? undefined : `?${queryOf(target)}`)
    case '@query-param':
      return ({ target }) => (target === undefined ? undefined : queryParameter(queryOf(target), texts.get('name') ?? ''))
    case '@status':
      return flags.has('req') ? undefined : ({ status }) => (status === undefined ? undefined : String(status))
    default:
      return undefined
  }
}

function readField(name: string, flags: ReadonlySet<string>, texts: ReadonlyMap<string, string>): ComponentValue | undefined {
  if (!isHeaderName(name) || texts.has('name')) return undefined
  const key = texts.get('key')
  if (flags.has('bs') && (flags.has('sf') || key !== undefined)) return undefined
  const lines = (message: HttpMessage): readonly string[] | undefined => {
    const found = findLines(flags.has('tr') ? message.trailers : message.headers, name)
    // A line break in a value could pass for another line.
    return found?.some(line => /[\r\n]/.test(line)) ? undefined : found
  }
  if (flags.has('bs'))
    return message =>
      lines(message)
        ?.map(line => `:${encode(utf8(line), 'base64')}:`)
        .join(', ')
  const combined: ComponentValue = message => lines(message)?.join(', ')
  if (key !== undefined) return changed(combined, value => structuredMember(value, key))
  return flags.has('sf') ? changed(combined, structured) : combined
}

function changed(value: ComponentValue, change: (text: string) => string | undefined): ComponentValue {
  return message => {
    const text = value(message)
    return text === undefined ? undefined : change(text)
  }
}
