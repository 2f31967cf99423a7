import { existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type WrittenFile, writeBeside } from '@countersign/server/files'
import envPaths from 'env-paths'
import { UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { checkFolder, makeFolders } from '../process/folders.ts'

/** Credentials under a name, in a file of their own that only its owner can read. */
export interface Profile {
  readonly scheme: string
  readonly apiKey?: string | undefined
  readonly secret?: string | undefined
  readonly passphrase?: string | undefined
  /** Path of a PEM file. */
  readonly privateKeyFile?: string | undefined
}

export function profilesFolder(): string {
  return join(envPaths('countersign', { suffix: '' }).config, 'profiles')
}

/** Where a profile is, or would be. @throws UsageError `profile-name` */
function profileFile(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new UsageError('profile-name', `${JSON.stringify(name)} is not a profile name: letters, digits, ., - and _, at most 64.`)
  return join(profilesFolder(), `${name}.json`)
}

export function listProfiles(): string[] {
  const folder = profilesFolder()
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .sort()
}

/** Also where it is a link that leads nowhere. @throws UsageError `profile-name` */
export function isProfileThere(name: string): boolean {
  return lstatSync(profileFile(name), { throwIfNoEntry: false }) !== undefined
}

/** @throws UsageError `folder-unusable`, where no profile could be saved */
export function checkProfilesFolder(): void {
  checkFolder(profilesFolder())
}

/** In one step: what was there is replaced whole, or stays. @throws UsageError `profile-name`, `folder-unusable` */
export function saveProfile(name: string, profile: Profile): string {
  const { file, written } = writeProfile(name, profile)
  written.replace()
  return file
}

/** On the disk, and a profile only when it gets its name. @throws UsageError `profile-name`, `folder-unusable` */
export function writeProfile(name: string, profile: Profile): { readonly file: string; readonly written: WrittenFile } {
  const file = profileFile(name)
  makeFolders(profilesFolder(), 0o700)
  return { file, written: writeBeside(file, `${JSON.stringify(profile, undefined, 2)}\n`) }
}

export function removeProfile(name: string): void {
  const file = profileFile(name)
  if (!existsSync(file)) throw missing(name)
  rmSync(file)
}

/** @throws UsageError `profile-missing`, `profile-readable-by-others`, `profile-malformed` */
export function readProfile(name: string): Profile {
  const file = profileFile(name)
  if (!existsSync(file)) throw missing(name)
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new UsageError('profile-readable-by-others', `The profile ${file} can be read by others: run chmod 600 ${file}`)
  }
  let value: unknown
  try {
    value = JSON.parse(readTextFile(file, 'profile'))
  } catch {
    // Said below, without what the file holds.
  }
  if (isProfile(value)) return value
  throw new UsageError('profile-malformed', `The profile ${file} is not what countersign profiles add writes: make it again.`)
}

function isProfile(value: unknown): value is Profile {
  return (
    typeof value === 'object' && value !== null && 'scheme' in value && Object.values(value).every(member => typeof member === 'string')
  )
}

function missing(name: string): UsageError {
  const known = listProfiles()
  return new UsageError(
    'profile-missing',
    `There is no profile ${name}. ${known.length === 0 ? 'Make one with: countersign profiles add NAME --api-key KEY' : `There are: ${known.join(', ')}`}`,
  )
}
