import { basename, join, resolve } from 'node:path'
import { defineScheme, type Scheme } from 'countersign'
import { DEFAULT_SCHEME_NAME, SCHEMES } from 'countersign/schemes'
import { askHidden } from '../process/ask-hidden.ts'
import { UsageError } from '../process/exit.ts'
import { readUrl } from '../request/url.ts'
import { givenSecret, withoutNewline } from '../signing/credentials.ts'
import { findScheme, schemeReference } from '../signing/find-scheme.ts'
import type { Answers, Purpose, SchemeFile } from './answers.ts'
import { ownDeclaration } from './scheme-file.ts'

/** What was said on the command line. */
export interface Given {
  readonly use?: Purpose
  readonly scheme?: string
  readonly newScheme?: string
  readonly name?: string
  readonly apiKey?: string
  readonly secretFile?: string
  readonly secretStdin?: boolean
  readonly passphrase?: string
  readonly upstream?: string
  readonly folder: string
  readonly yes?: boolean
}

export const DEFAULT_UPSTREAM = 'http://127.0.0.1:8080'
/** What the list of schemes has for one that is not shipped. */
const OWN = 'own'

/**
 * Takes what was given, asks for the rest where there is a terminal, and decides it where `--yes` says so.
 *
 * @throws UsageError `answers-missing`, `scheme-not-here`; what reading a scheme or a secret throws
 */
export async function gatherAnswers(given: Given): Promise<Answers> {
  const isAsking = given.yes !== true && process.stdin.isTTY === true && process.stderr.isTTY === true
  const isSaid = given.use !== undefined && (given.scheme ?? given.newScheme) !== undefined
  if (given.scheme !== undefined && given.newScheme !== undefined)
    throw new UsageError('scheme-twice', 'Give one scheme: --scheme for one that is there, or --new-scheme for a file of your own.')
  if (!isAsking && !isSaid && given.yes !== true)
    throw new UsageError('answers-missing', 'There is no terminal to ask on: give --use and --scheme, or --yes for what is usual.')
  const folder = resolve(given.folder)
  const purpose = given.use ?? (isAsking ? await askPurpose() : usualPurpose(given))
  const newScheme = given.newScheme ?? (given.scheme === undefined && isAsking ? await askScheme(purpose) : undefined)
  const { scheme, schemeName, schemeFile } =
    typeof newScheme === 'string' ? makeScheme(newScheme, folder) : readScheme(newScheme?.scheme ?? given.scheme ?? usualScheme(purpose))
  checkScheme(purpose, scheme)
  const name = given.name ?? (isAsking ? await askText('Name of the profile', scheme.name) : scheme.name)
  const isProtected = purpose === 'protect'
  const upstream = readUrl(
    given.upstream ?? (isProtected && isAsking ? await askText('Where your API listens', DEFAULT_UPSTREAM) : DEFAULT_UPSTREAM),
  )
  const wantsKeyId = !isProtected && scheme.keyId !== 'none' && given.apiKey === undefined && isAsking
  const keyId = given.apiKey ?? (wantsKeyId ? await askText('API key id (empty: one to try it out)', '') : '')
  const secret = isProtected ? undefined : await readSecret(given, isAsking)
  const wantsPassphrase = secret !== undefined && scheme.hasPassphrase && given.passphrase === undefined && isAsking
  const passphrase = given.passphrase ?? (wantsPassphrase ? await askHidden('Passphrase') : undefined)
  return { purpose, scheme, schemeName, schemeFile, name, keyId: keyId === '' ? undefined : keyId, secret, passphrase, upstream, folder }
}

interface ChosenScheme {
  readonly scheme: Scheme
  readonly schemeName: string
  readonly schemeFile: SchemeFile | undefined
}

function readScheme(text: string): ChosenScheme {
  const scheme = findScheme(text)
  return { scheme, schemeName: schemeReference(text), schemeFile: undefined }
}

/** @throws CountersignError `scheme-invalid`, for a name that is none */
function makeScheme(name: string, folder: string): ChosenScheme {
  const declaration = ownDeclaration(name)
  const path = join(folder, `${name}.scheme.json`)
  return {
    scheme: defineScheme(declaration),
    schemeName: shortPath(path),
    schemeFile: { path, text: `${JSON.stringify(declaration, undefined, 2)}\n` },
  }
}

/** As `--scheme` takes it in the folder of the file. */
function shortPath(path: string): string {
  return `./${basename(path)}`
}

/** @throws UsageError `scheme-not-here` */
function checkScheme(purpose: Purpose, scheme: Scheme): void {
  const why =
    scheme.keys === 'key-pair'
      ? 'signs with key pairs: save yours with countersign profiles add, or import the public key with countersign keys create --public-key-file'
      : purpose === 'protect' && scheme.keyId === 'none'
        ? 'is for webhooks, whose calls name no key: give --use receive'
        : undefined
  if (why !== undefined) throw new UsageError('scheme-not-here', `The scheme ${scheme.name} ${why}.`)
}

function usualPurpose({ scheme }: Given): Purpose {
  return scheme !== undefined && SCHEMES.some(({ name, keyId }) => name === scheme && keyId === 'none') ? 'receive' : 'call'
}

function usualScheme(purpose: Purpose): string {
  return purpose === 'receive' ? 'standard-webhooks' : DEFAULT_SCHEME_NAME
}

async function readSecret(given: Given, isAsking: boolean): Promise<string | undefined> {
  const secret = (await givenSecret(given)) ?? (isAsking ? withoutNewline(await askHidden('Secret (empty: one to try it out)')) : '')
  return secret === '' ? undefined : secret
}

async function askPurpose(): Promise<Purpose> {
  const { default: select } = await import('@inquirer/select')
  return await select<Purpose>(
    {
      message: 'What do you want to do?',
      choices: [
        { value: 'receive', name: 'receive webhooks' },
        { value: 'call', name: 'call an API that wants signed calls' },
        { value: 'protect', name: 'protect an API of my own' },
      ],
    },
    { output: process.stderr },
  )
}

/** @returns a shipped scheme, or the name of one to be written */
async function askScheme(purpose: Purpose): Promise<string | { readonly scheme: string }> {
  const { default: select } = await import('@inquirer/select')
  const fitting = SCHEMES.filter(({ keys, keyId }) => keys !== 'key-pair' && (purpose === 'receive') === (keyId === 'none'))
  const choices = fitting.map(({ name, title }) => ({ value: name, name: `${name}  ${title}` }))
  const own = { value: OWN, name: 'one of my own, in a file' }
  const chosen = await select({ message: 'Which scheme?', choices: [...choices, own], pageSize: 20 }, { output: process.stderr })
  return chosen === OWN ? await askText('Name of the scheme', 'mine') : { scheme: chosen }
}

async function askText(message: string, usual: string): Promise<string> {
  const { default: input } = await import('@inquirer/input')
  const text = await input({ message, ...(usual === '' ? {} : { default: usual }) }, { output: process.stderr })
  return text.trim()
}
