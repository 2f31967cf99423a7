import { type Component, readComponents } from './components.ts'
import type { LabelledSignature } from './message-signatures.ts'
import type { SignatureParameters } from './signature-base.ts'
import { isInnerList, parseList } from './structured-fields.ts'

/** One signature in its one spelling, as nearly every message has it; anything else takes the long way through the parser. */
const INPUT =
  /^([a-z*][a-z0-9_\-.*]*)=(\((?:"[ !#-[\]-~]*"(?:;[a-z*][a-z0-9_\-.*]*(?:="[ !#-[\]-~]*")?)*(?: (?=")|(?=\))))*\))((?:;[a-z]+=(?:\d{1,15}|"[ !#-[\]-~]*"))*)$/
const PARAMETER = /;([a-z]+)=(?:(\d+)|"([^"]*)")/g
const SIGNATURE = /^([a-z*][a-z0-9_\-.*]*)=:([A-Za-z0-9+/]*={0,2}):$/

/** As many lists of components are kept read; clients of one API send a handful. */
const MAX_LISTS = 256

/** Reads both fields when they hold a single signature, spelled canonically; `undefined` sends the caller the long way. */
export type SingleReader = (input: string, signature: string) => LabelledSignature | undefined

export function createSingleReader(): SingleReader {
  const lists = new Map<string, readonly Component[]>()

  function componentsOf(list: string): readonly Component[] | undefined {
    const known = lists.get(list)
    if (known !== undefined) return known
    const [member] = parseList(list) ?? []
    const components = member !== undefined && isInnerList(member) ? readComponents(member) : undefined
    if (components === undefined || components.map(({ identifier }) => identifier).join(' ') !== list.slice(1, -1)) return undefined
    if (lists.size >= MAX_LISTS) lists.delete(lists.keys().next().value ?? '')
    lists.set(list, components)
    return components
  }

  return (input, signature) => {
    const stated = INPUT.exec(input)
    const signed = SIGNATURE.exec(signature)
    if (stated === null || signed === null || stated[1] !== signed[1]) return undefined
    const [, label = '', list = '', text = ''] = stated
    const components = componentsOf(list)
    const parameters = components === undefined ? undefined : readParameters(text)
    if (components === undefined || parameters === undefined) return undefined
    return { label, components, parameters, input: list + text, signature: signed[2] ?? '' }
  }
}

function readParameters(text: string): SignatureParameters | undefined {
  const read: { -readonly [P in keyof SignatureParameters]: SignatureParameters[P] } = {}
  PARAMETER.lastIndex = 0
  for (let match = PARAMETER.exec(text); match !== null; match = PARAMETER.exec(text)) {
    const [, name, digits, value] = match
    switch (name) {
      case 'created':
      case 'expires':
        if (digits === undefined || read[name] !== undefined) return undefined
        read[name] = Number(digits)
        break
      case 'nonce':
      case 'alg':
      case 'keyid':
      case 'tag':
        if (value === undefined || read[name] !== undefined) return undefined
        read[name] = value
        break
      default:
        return undefined
    }
  }
  return read
}
