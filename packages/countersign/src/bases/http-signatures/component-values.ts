import { formEncode, readQueryParameters } from '../../recipe/query-parameters.ts'
import { serializeDictionary, serializeList, serializeMember } from './serialize-fields.ts'
import { type Dictionary, parseDictionary, parseItem, parseList } from './structured-fields.ts'

/**
 * RFC 9421 §2.2.8: decoded as a form, encoded again; a name that comes several times can't be covered.
 *
 * @param query without its `?`
 */
export function queryParameter(query: string, wanted: string): string | undefined {
  return queryValue(readQueryParameters(query), wanted)
}

/** The value of one of the parameters, where it is there once. */
export function queryValue(parameters: ReturnType<typeof readQueryParameters>, wanted: string): string | undefined {
  const [only, ...others] = parameters.get(wanted) ?? []
  return only === undefined || others.length > 0 ? undefined : formEncode(only.value)
}

/**
 * Strictly serialised (§2.1.1). A list and a dictionary are told apart by which of the two the value is.
 *
 * @param readDictionary asked last. Default: the parser
 */
export function structured(value: string, readDictionary = parseDictionary): string | undefined {
  const item = parseItem(value)
  if (item !== undefined) return serializeMember(item)
  const list = parseList(value)
  if (list !== undefined) return serializeList(list)
  const dictionary = readDictionary(value)
  return dictionary === undefined ? undefined : serializeDictionary(dictionary)
}

/** One member of a dictionary (§2.1.2). */
export function structuredMember(value: string, key: string): string | undefined {
  return memberOf(parseDictionary(value), key)
}

export function memberOf(dictionary: Dictionary | undefined, key: string): string | undefined {
  const member = dictionary?.get(key)
  return member === undefined ? undefined : serializeMember(member)
}
