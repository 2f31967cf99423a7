import { dirname } from 'node:path'
import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import { ServerError } from '../errors.ts'
import { DEFAULT_STORE, type GatewayConfig, gatewayConfig, type StoreConfig, storeConfig } from './config.ts'
import { settingMistake, yamlMistake } from './setting-mistakes.ts'
import { withWholePaths } from './setting-paths.ts'
import { offsetOfName, unknownSettings } from './unknown-settings.ts'

/** What goes before the file: flags and the environment. */
interface Before {
  readonly [field: string]: unknown
}

/** Flags, with the command that has them, by what a setting of that name would be called. */
type Flags = ReadonlyMap<string, string>

const NO_FLAGS: Flags = new Map()

/** How many faults are told at once. */
const MAX_SAID = 5

/**
 * Reads a gateway's file, JSON or YAML, with what goes before it. Its paths count from its folder and come back whole;
 * those of what goes before stay as they are.
 *
 * @param flags told of where the file has one of them among its settings
 * @throws ServerError `config-malformed`, `config-invalid`, which name the line
 */
export function readGatewayConfig(text: string, name: string, before: Before = {}, flags = NO_FLAGS): GatewayConfig {
  return readConfig(gatewayConfig, text, name, before, flags)
}

/** Reads of such a file what keys are made with. @throws as {@link readGatewayConfig} does */
export function readStoreConfig(text: string, name: string, before: Before = {}, flags = NO_FLAGS): StoreConfig {
  return readConfig(storeConfig, text, name, before, flags)
}

function readConfig<T>(schema: z.ZodType<T>, text: string, name: string, before: Before, flags: Flags): T {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined)
    throw new ServerError('config-malformed', 400, `${name}:${lines.linePos(broken.pos[0]).line}: ${yamlMistake(broken)}`)
  const written = plainOf(document, name, lines) ?? {}
  if (typeof written !== 'object' || written === null || Array.isArray(written))
    throw new ServerError('config-malformed', 400, `${name}:1: A configuration is an object of settings.`)
  const given = Object.fromEntries(Object.entries(before).filter(([, value]) => value !== undefined))
  // The default store lies beside the file as well, as though the file said so.
  const result = schema.safeParse(
    { ...withWholePaths({ store: DEFAULT_STORE, ...written }, dirname(name)), ...given },
    { error: settingMistake },
  )
  if (result.success) return result.data
  const { issues } = result.error
  const unknown = unknownSettings(schema, issues)
  // A setting that is misspelled is missing as well: one line says both.
  const misspelled = new Set(unknown.map(({ path, meant }) => [...path.slice(0, -1), meant].join('.')))
  const said = [
    ...unknown.map(({ path, meant }) => {
      const flag = path.length === 1 ? flags.get(String(path[0])) : undefined
      const advice = meant === undefined ? 'docs/gateway.md and gateway.schema.json list them.' : `did you mean ${meant}?`
      const said = flag === undefined ? `there is no such setting; ${advice}` : `this isn't a setting but the flag ${flag}.`
      return `${name}:${lineOfName(path)}: ${path.join('.')}: ${said}`
    }),
    ...issues
      .filter(({ code, path }) => code !== 'unrecognized_keys' && !misspelled.has(path.join('.')))
      .map(({ path, message }) => {
        const [first] = path
        const where = first !== undefined && String(first) in given ? '' : `${name}:${lineOf(path)}: `
        return `${where}${path.length === 0 ? message : `${path.join('.')}: ${message}`}`
      }),
  ]
  throw new ServerError('config-invalid', 400, said.slice(0, MAX_SAID).join('\n'))

  function lineOfName(path: readonly PropertyKey[]): number {
    const offset = offsetOfName(document, path)
    return offset === undefined ? lineOf(path) : lines.linePos(offset).line
  }

  /** Of the setting, or of the nearest thing around it that is there. */
  function lineOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
}

/** @throws ServerError `config-malformed` */
function plainOf(document: Document, name: string, lines: LineCounter): unknown {
  const alone = lonelyAlias(document)
  if (alone !== undefined)
    // Its name is not told: it is a word of the file, and may be a secret.
    throw new ServerError(
      'config-malformed',
      400,
      `${name}:${lines.linePos(alone).line}: A value begins with *, which is an alias in YAML, of something that isn’t there: put it in quotes.`,
    )
  try {
    return document.toJS()
  } catch {
    throw new ServerError('config-malformed', 400, `${name}: Its aliases (* and & of YAML) repeat each other too often: write it out.`)
  }
}

/** Where the first alias is that stands for nothing. */
function lonelyAlias(document: Document): number | undefined {
  let found: number | undefined
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      found = alias.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return found
}
