import type { ErrorCode } from 'yaml'
import type { z } from 'zod'

const KINDS: { readonly [kind: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object of settings',
  record: 'an object of settings',
  null: 'nothing',
}

/** What a setting should be and isn't, for the end of a sentence that names it; undefined: as zod says it. */
export function settingMistake(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wanted(kindOf(issue.expected), issue.input)
    case 'invalid_union': {
      const kinds = issue.errors.map(([first, ...others]) =>
        others.length === 0 && first?.code === 'invalid_type' && first.path.length === 0 ? kindOf(first.expected) : undefined,
      )
      if (kinds.length > 0 && kinds.every(kind => kind !== undefined)) return wanted([...new Set(kinds)].join(' or '), issue.input)
      const isOfKind = kinds.some(kind => kind === undefined)
      return isOfKind ? 'it has none of the forms that gateway.schema.json lists for it.' : undefined
    }
    case 'invalid_value':
      return wanted(`one of ${issue.values.map(String).join(', ')}`, issue.input)
    case 'too_small':
      if (issue.origin === 'number') return `${issue.minimum} at least is wanted.`
      return `${kindOf(issue.origin)} is wanted that isn't empty.`
    case 'too_big':
      return issue.origin === 'number' ? `${issue.maximum} at most is wanted.` : undefined
    default:
      return undefined
  }
}

function wanted(what: string, input: unknown): string {
  if (input === undefined) return `it is missing: ${what} is wanted.`
  const isQuoted = typeof input === 'string' && /number/.test(what) && input.trim() !== '' && !Number.isNaN(Number(input))
  // A value may be a secret: its kind alone is told.
  return `${what} is wanted, not ${nameOf(input)}${isQuoted ? ': write it without quotes' : ''}.`
}

function nameOf(input: unknown): string {
  if (input === null) return 'nothing'
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'boolean') return String(input)
  if (typeof input === 'number') return Number.isInteger(input) ? 'a number' : 'a fraction'
  return typeof input === 'string' ? 'a text' : kindOf(typeof input)
}

function kindOf(expected: string): string {
  return KINDS[expected] ?? expected
}

/** What is wrong with YAML, where its parser speaks of its grammar. */
const YAML_MISTAKES: { readonly [code in ErrorCode]?: string } = {
  BLOCK_AS_IMPLICIT_KEY:
    'A value has ": " in it, or the line is indented too far: put the value in quotes, or the line under those before it.',
  DUPLICATE_KEY: 'This setting is there already: keep one of the two.',
  TAB_AS_INDENT: 'The line is indented with a tab: use spaces.',
  BAD_SCALAR_START: 'A value begins with @ or `: put it in quotes.',
  MISSING_CHAR: 'A quote or a bracket that was opened is not closed.',
}

export function yamlMistake({ code, message }: { readonly code: ErrorCode; readonly message: string }): string {
  return YAML_MISTAKES[code] ?? message
}
