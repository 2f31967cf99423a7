import { boundedCache } from '../../contract/bounded-cache.ts'
import { canonicalBase64 } from '../base64-spelling.ts'
import { KEPT_LISTS } from '../covered-limits.ts'
import { type Component, readComponents } from './components.ts'
import { BASE64, KEY } from './fields-grammar.ts'
import type { LabelledSignature } from './message-signatures.ts'
import type { SignatureParameters } from './signature-base.ts'
import { isInnerList, parseList } from './structured-fields.ts'

/**
 * One signature in its one spelling, as nearly every message has it; anything else takes the long way through the
 * parser.
 */
const INPUT = new RegExp(
  String.raw`^(${KEY.source})=(\((?:"[ !#-[\]-~]*"(?:;${KEY.source}(?:="[ !#-[\]-~]*")?)*(?: (?=")|(?=\))))*\))((?:;[a-z]+=(?:0|[1-9]\d{0,14}|"[ !#-[\]-~]*"))*)$`,
)
const PARAMETER = /;([a-z]+)=(?:(\d+)|"([^"]*)")/g
const SIGNATURE = new RegExp(`^(${KEY.source})=:(${BASE64.source}):$`)

/**
 * Reads both fields when they hold a single signature, spelled canonically; `undefined` sends the caller the long way.
 */
export type SingleReader = (input: string, signature: string) => LabelledSignature | undefined

export function createSingleReader(): SingleReader {
  const componentsOf = boundedCache(KEPT_LISTS, (list): readonly Component[] | undefined => {
    const [member] = parseList(list) ?? []
    const components = member !== undefined && isInnerList(member) ? readComponents(member) : undefined
    return components?.map(({ identifier }) => identifier).join(' ') === list.slice(1, -1) ? components : undefined
  })

  return (input, signature) => {
    const stated = INPUT.exec(input)
    const signed = SIGNATURE.exec(signature)
    if (stated === null || signed === null || stated[1] !== signed[1]) return undefined
    const label = stated[1] ?? ''
    const list = stated[2] ?? ''
    const components = componentsOf(list)
    const parameters = components === undefined ? undefined : readParameters(stated[3] ?? '')
    const bytes = canonicalBase64(signed[2] ?? '')
    if (components === undefined || parameters === undefined || bytes === undefined) return undefined
    return { label, components, parameters, input: input.slice(label.length + 1), signature: bytes }
  }
}

/** In the order that we write them; the rest takes the loop. */
const USUAL = /^(?:;created=(\d+))?(?:;keyid="([^"]*)")?(?:;alg="([^"]*)")?(?:;expires=(\d+))?(?:;nonce="([^"]*)")?(?:;tag="([^"]*)")?$/

function readParameters(text: string): SignatureParameters | undefined {
  const usual = USUAL.exec(text)
  if (usual === null) return readInAnyOrder(text)
  const { 1: created, 2: keyid, 3: alg, 4: expires, 5: nonce, 6: tag } = usual
  return { created: numberOf(created), keyid, alg, expires: numberOf(expires), nonce, tag }
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}

function readInAnyOrder(text: string): SignatureParameters | undefined {
  const read: { -readonly [P in keyof SignatureParameters]: SignatureParameters[P] } = {}
  PARAMETER.lastIndex = 0
  for (let match = PARAMETER.exec(text); match !== null; match = PARAMETER.exec(text)) {
    const name = match[1]
    const digits = match[2]
    const value = match[3]
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
