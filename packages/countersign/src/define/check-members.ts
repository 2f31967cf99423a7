import type { Only } from '../contract/loss.ts'
import { oneOf, shown } from '../contract/one-of.ts'
import type { MessagePiece, ParameterDeclaration, SchemeDeclaration } from '../scheme/declaration.ts'
import { SCHEME_NAME, SCHEME_NAME_IS } from '../scheme/scheme-name.ts'
import { invalid } from './check-template.ts'

/** What a member holds. What `any` holds is looked at where it is read. */
type Kind = 'text' | 'object' | 'list' | 'any'

type Members<T> = { readonly [M in keyof Required<T>]: Kind }

const DECLARATION: Members<SchemeDeclaration> = {
  name: 'text',
  title: 'text',
  docs: 'text',
  algorithm: 'text',
  secret: 'object',
  message: 'any',
  timestamp: 'object',
  nonce: 'object',
  signature: 'object',
  headers: 'object',
  query: 'object',
  form: 'object',
  parameters: 'object',
  only: 'object',
}

const REQUIRED = ['name', 'title', 'algorithm', 'message', 'signature'] as const

const SECRET: Members<NonNullable<SchemeDeclaration['secret']>> = { encoding: 'text', prefix: 'text' }
const TIMESTAMP: Members<NonNullable<SchemeDeclaration['timestamp']>> = { formats: 'list', meaning: 'text' }
const NONCE: Members<NonNullable<SchemeDeclaration['nonce']>> = { formats: 'list' }
const SIGNATURE: Members<SchemeDeclaration['signature']> = { encoding: 'text' }
const ONLY: Members<Only> = { methods: 'list', paths: 'any', query: 'text', body: 'text' }
const PARAMETER: Members<ParameterDeclaration> = { characters: 'text', without: 'text', default: 'text', generate: 'text' }
const PIECE: Members<Exclude<MessagePiece, string>> = { hash: 'text', encoding: 'text', of: 'any' }
const HEADER = { prefix: 'text', separator: 'text', items: 'list' } as const

const KINDS: { readonly [K in Kind]: (value: unknown) => boolean } = {
  text: value => typeof value === 'string',
  object: isObject,
  list: Array.isArray,
  any: () => true,
}

const KIND_NAMES: { readonly [K in Kind]: string } = { text: 'text', object: 'an object', list: 'a list', any: 'a value' }

/**
 * Checks the shape of a declaration: every object in it, at every depth, may only have known members of the right kind.
 * A misspelled member would otherwise be a rule that is silently left out.
 *
 * @throws CountersignError `scheme-invalid`
 */
export function checkMembers(declaration: unknown): asserts declaration is SchemeDeclaration {
  if (!isObject(declaration)) throw invalid('scheme', `a declaration is an object; got ${shown(declaration)}`)
  const { $schema: _, ...given } = declaration
  checkObject(given, 'scheme', DECLARATION)
  for (const member of REQUIRED) if (given[member] === undefined) throw invalid('scheme', `${member} is missing`)
  const name = String(given['name'])
  if (!SCHEME_NAME.test(name)) throw invalid('scheme, name', `${JSON.stringify(name)} is not ${SCHEME_NAME_IS}`)
  const at = (member: string): string => `scheme ${name}, ${member}`
  for (const [member, members] of Object.entries({
    secret: SECRET,
    timestamp: TIMESTAMP,
    nonce: NONCE,
    signature: SIGNATURE,
    only: ONLY,
  }))
    if (given[member] !== undefined) checkObject(given[member], at(member), members)
  for (const [parameter, value] of entries(given['parameters'])) checkObject(value, at(`parameters.${parameter}`), PARAMETER)
  for (const [header, value] of entries(given['headers'])) if (typeof value !== 'string') checkHeader(value, at(`headers.${header}`))
  for (const piece of [given['message']].flat()) if (isObject(piece)) checkObject(piece, at('message'), PIECE)
}

function checkHeader(value: unknown, where: string): void {
  if (isObject(value)) checkObject(value, where, HEADER)
  if (!isObject(value) || value['separator'] === undefined || value['items'] === undefined)
    throw invalid(where, `it is a template, or { separator, items: [template, …] }; got ${shown(value)}`)
}

function checkObject(value: unknown, where: string, members: { readonly [member: string]: Kind }): void {
  if (!isObject(value)) throw invalid(where, `it is an object; got ${shown(value)}`)
  for (const [member, content] of Object.entries(value)) {
    const kind = Object.hasOwn(members, member) ? members[member] : undefined
    if (kind === undefined) throw invalid(where, oneOf(member, 'member', Object.keys(members)))
    if (content !== undefined && !KINDS[kind](content))
      throw invalid(`${where}, ${member}`, `it is ${KIND_NAMES[kind]}; got ${shown(content)}`)
  }
}

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return isObject(value) ? Object.entries(value) : []
}
