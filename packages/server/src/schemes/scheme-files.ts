import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CountersignError, defineScheme, type Scheme, schemeWarnings } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { ServerError } from '../errors.ts'
import { jsonMistake } from './json-mistake.ts'

/** Schemes of one's own: declarations in JSON, each in a file. */

/** Reads a whole file. */
export type ReadFile = (path: string) => Buffer

/** Whether a scheme was given as the path of its declaration, `./mine.json`: names have no dots and slashes. */
export function isSchemeFile(given: string): boolean {
  return /[./\\]/.test(given)
}

/** @throws ServerError `scheme-unreadable`, `scheme-invalid`, which name the file */
export function readSchemeFile(path: string, read: ReadFile = readFileSync): Scheme {
  const declaration = declarationOf(path, read)
  try {
    return defineScheme(declaration)
  } catch (error) {
    if (error instanceof CountersignError) throw new ServerError(error.code, 500, `${path}: ${error.message}`)
    throw error
  }
}

function declarationOf(path: string, read: ReadFile): Parameters<typeof defineScheme>[0] {
  let text: string
  try {
    text = read(path).toString()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ServerError('scheme-unreadable', 500, `The declaration ${path} can't be read: ${why}`)
  }
  const unreadable = (where: string, what: string): ServerError =>
    new ServerError('scheme-unreadable', 500, `${where}: The declaration ${what}`)
  if (text.includes('\u0000') || text.includes('\ufffd')) throw unreadable(path, 'is not text in UTF-8: save it as that.')
  if (text.startsWith('\ufeff')) throw unreadable(path, 'begins with a byte order mark: save it as UTF-8 without one.')
  if (text.trim() === '') throw unreadable(path, 'is empty.')
  const mistake = jsonMistake(text)
  if (mistake === undefined) return JSON.parse(text)
  const { line, column } = mistake
  // One character alone: the file may be another than was meant, with a secret in it.
  const [found] = (text.split(/\r\n|\n|\r/)[line - 1] ?? '').slice(column - 1)
  throw unreadable(
    `${path}:${line}:${column}`,
    found === undefined ? 'ends too early.' : `isn't JSON from this ${JSON.stringify(found)} on.`,
  )
}

/**
 * The shipped schemes and one's own. Keys and routes name a scheme, so no two may have one name.
 *
 * @param warn told of what a declaration leaves unsigned
 * @param read default: from the disk
 * @throws ServerError `scheme-unreadable`, `scheme-invalid`, `scheme-twice`
 */
export function withSchemeFiles(
  paths: readonly string[],
  warn?: (warning: string) => void,
  read: ReadFile = readFileSync,
): readonly Scheme[] {
  const schemes = [...SCHEMES]
  const given = new Set(paths.map(path => resolve(path)))
  for (const path of given) {
    const scheme = readSchemeFile(path, read)
    if (schemes.some(({ name }) => name === scheme.name))
      throw new ServerError(
        'scheme-twice',
        500,
        `${path} declares ${scheme.name}, and there is a scheme of that name already: give yours another name.`,
      )
    for (const warning of schemeWarnings(scheme)) warn?.(`${scheme.name}: ${warning}`)
    schemes.push(scheme)
  }
  return schemes
}
