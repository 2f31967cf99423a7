import { type Command, Option } from 'commander'
import type { Credentials, Scheme } from 'countersign'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { askHidden } from '../process/ask-hidden.ts'
import { UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { readStandardInput, tell } from '../process/streams.ts'
import { findScheme } from './find-scheme.ts'
import { type Profile, readProfile } from './profiles.ts'

export interface CredentialOptions {
  readonly scheme?: string
  readonly profile?: string
  readonly apiKey?: string
  readonly secret?: string
  readonly secretFile?: string
  readonly secretStdin?: boolean
  readonly allowShortSecret?: boolean
  readonly passphrase?: string
  readonly privateKeyFile?: string
}

/** The options that say who signs, the same on every command that does. */
export function addCredentialOptions(command: Command): Command {
  return addKeyOptions(addSchemeOption(command.optionsGroup('Who signs:')))
    .option('--allow-short-secret', 'take a secret of under 16 bytes')
    .option('--private-key-file <path>', 'PEM file, for the schemes with key pairs')
}

/** The options that say whose signatures are verified. */
export function addVerificationOptions(command: Command): Command {
  const group = 'Who has signed:'
  return addKeyOptions(addSchemeOption(command.optionsGroup(group)), group)
    .option('--allow-short-secret', 'take a secret of under 16 bytes')
    .option('--public-key-file <path>', 'PEM file, for the schemes with key pairs')
}

function addSchemeOption(command: Command): Command {
  return command.addOption(
    new Option(
      '-s, --scheme <name|file>',
      `signature scheme (default: the profile's, or ${DEFAULT_SCHEME_NAME}); countersign schemes lists them; or the path of a declaration in JSON`,
    ).env('COUNTERSIGN_SCHEME'),
  )
}

/** The subset of `addCredentialOptions` for HMAC keys. */
export function addKeyOptions(command: Command, group = 'Who signs:'): Command {
  return command
    .optionsGroup(group)
    .addOption(new Option('-p, --profile <name>', 'credentials saved with countersign profiles add').env('COUNTERSIGN_PROFILE'))
    .addOption(new Option('-k, --api-key <id>', 'the API key id').env('COUNTERSIGN_API_KEY'))
    .option('--secret-file <path>', 'file that holds the secret')
    .option('--secret-stdin', 'read the secret from standard input')
    .option(
      '--secret <secret>',
      'the secret itself; others can see it in the process list, so better COUNTERSIGN_SECRET or one of the above',
    )
    .addOption(new Option('--passphrase <text>', 'for the schemes that want one').env('COUNTERSIGN_PASSPHRASE'))
}

/** What stands behind an option whose value was forgotten. */
const LIKE_AN_OPTION = /^(?:-[A-Za-z]|--[a-z][a-z-]*)$/

export interface ResolvedCredentials {
  readonly scheme: Scheme
  /** How the scheme was named: its name, or a path. */
  readonly schemeName: string
  readonly credentials: Credentials
}

/**
 * Finds the credentials: flags before the environment before the profile, and a hidden prompt where there is a
 * terminal.
 *
 * @throws UsageError what is missing, and how to give it
 */
export async function resolveCredentials(options: CredentialOptions): Promise<ResolvedCredentials> {
  const profile: Profile = options.profile === undefined ? { scheme: options.scheme ?? DEFAULT_SCHEME_NAME } : readProfile(options.profile)
  const schemeName = options.scheme ?? profile.scheme
  const scheme = findScheme(schemeName)
  const keyId = options.apiKey ?? profile.apiKey
  if (options.apiKey !== undefined && LIKE_AN_OPTION.test(options.apiKey))
    throw new UsageError('api-key-missing', `--api-key is followed by ${options.apiKey}, which is an option and no key id.`)
  if (scheme.keyId === 'carried' && (keyId === undefined || keyId === ''))
    throw new UsageError(
      'api-key-missing',
      `The scheme ${scheme.name} needs an API key id: give --api-key, COUNTERSIGN_API_KEY or --profile.`,
    )
  // Calls of a webhook name no key, but a profile may.
  const named = scheme.keyId === 'none' ? {} : { keyId }
  const passphrase = options.passphrase ?? profile.passphrase
  const allowShortSecret = options.allowShortSecret ?? false
  const file = options.privateKeyFile ?? profile.privateKeyFile
  if (scheme.keys === 'secret' || (scheme.keys === 'either' && file === undefined))
    return { scheme, schemeName, credentials: { ...named, passphrase, allowShortSecret, secret: await resolveSecret(options, profile) } }
  if (file === undefined)
    throw new UsageError('private-key-missing', `The scheme ${scheme.name} signs with a private key: give --private-key-file.`)
  return { scheme, schemeName, credentials: { ...named, passphrase, privateKey: readTextFile(file, 'private key file') } }
}

/** @throws UsageError `secret-missing` */
export async function resolveSecret(options: CredentialOptions, profile: Pick<Profile, 'secret'> = {}): Promise<string> {
  if (options.secret !== undefined) {
    tell(
      'warning: a secret on the command line can be seen by other users and stays in the shell history; use COUNTERSIGN_SECRET, --secret-file or a profile',
    )
    return options.secret
  }
  const known = (await givenSecret(options)) ?? profile.secret
  if (known !== undefined) return known
  if (process.stdin.isTTY && process.stderr.isTTY) return withoutNewline(await askHidden('Secret'))
  throw new UsageError('secret-missing', 'No secret: give COUNTERSIGN_SECRET, --secret-file, --secret-stdin or --profile.')
}

/** The secret in a file, on standard input or in the environment; undefined where it is in none. */
export async function givenSecret({
  secretFile,
  secretStdin,
}: Pick<CredentialOptions, 'secretFile' | 'secretStdin'>): Promise<string | undefined> {
  if (secretFile !== undefined) return withoutNewline(readTextFile(secretFile, 'secret file'))
  if (secretStdin === true) return withoutNewline(new TextDecoder().decode(await readStandardInput()))
  return process.env['COUNTERSIGN_SECRET']
}

export function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '')
}
