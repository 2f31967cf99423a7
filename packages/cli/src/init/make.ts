import { lstatSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { isSchemeFile } from '@countersign/server/scheme-files'
import { createSigner } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { DEFAULT_STORE, withService } from '../keys/store-options.ts'
import { UsageError } from '../process/exit.ts'
import { checkFolder } from '../process/folders.ts'
import { checkProfilesFolder, isProfileThere, saveProfile } from '../signing/profiles.ts'
import type { Answers } from './answers.ts'
import { GATEWAY_FILE, gatewayText } from './gateway-file.ts'
import { gitignoreFile, ignoreSecrets } from './gitignore.ts'
import { nextCommands } from './next-commands.ts'
import { allOrNothing, isThere, makeFolderUndoably, type Undo, writeUndoably } from './undo.ts'

/** What was made, and what there is to do with it. Holds no secret. */
export interface Made {
  readonly purpose: Answers['purpose']
  readonly scheme: string
  readonly folder: string
  /** Absolute paths of the files that were written. */
  readonly files: readonly string[]
  readonly profile: string
  /** The key's id, where calls name one. */
  readonly keyId: string | null
  /** No secret was given, so there is one to try it out with. */
  readonly hasMadeUpSecret: boolean
  readonly ignored: readonly string[]
  /** The file of the master key, where it is new. */
  readonly masterKeyFile: string | null
  readonly next: readonly [string, string, string]
}

/** The id of a key that was made up. */
const TEST_KEY_ID = 'test-key'

/**
 * Makes all of it or nothing. What can be looked at before is, and what was made is taken away again where a later step
 * fails.
 *
 * @throws UsageError `already-there`, `folder-unusable`, `link-in-the-way`, `upstream-invalid`; what the key
 * store throws
 */
export async function make(answers: Answers, isForced: boolean): Promise<Made> {
  const { purpose, scheme, schemeName, schemeFile, name, folder, upstream } = answers
  const isProtected = purpose === 'protect'
  const settings = gatewayText(upstream, scheme.name, ownSchemeOf(answers))
  const store = join(folder, DEFAULT_STORE)
  const written = [
    ...(schemeFile === undefined ? [] : [schemeFile]),
    ...(isProtected ? [{ path: join(folder, GATEWAY_FILE), text: settings }] : []),
  ]
  checkPlaces(answers, [...written.map(({ path }) => path), ...(isProtected ? [store] : [])], isForced)
  if (isProtected) await checkGateway(settings, store)
  // A wrong secret is told before anything is written.
  const given = isProtected ? undefined : await credentialsOf(answers)
  return await allOrNothing(async undo => {
    makeFolderUndoably(folder, undo)
    const ignored = ignoreSecrets(folder, undo)
    for (const { path, text } of written) writeUndoably(path, text, undo)
    const { madeStore, masterKeyFile = null, ...credentials } = given ?? (await makeKey(store, answers, undo))
    // The last step, which replaces a profile whole or not at all.
    const profile = saveProfile(name, { scheme: schemeFile?.path ?? schemeName, ...credentials })
    return {
      purpose,
      scheme: scheme.name,
      folder,
      files: [...written.map(({ path }) => path), ...(madeStore ?? []), profile],
      profile: name,
      keyId: credentials.apiKey ?? null,
      hasMadeUpSecret: !isProtected && answers.secret === undefined,
      ignored,
      masterKeyFile,
      next: nextCommands(answers),
    }
  })
}

/** @throws UsageError `already-there`, `folder-unusable`, `link-in-the-way` */
function checkPlaces({ name, folder }: Answers, files: readonly string[], isForced: boolean): void {
  checkFolder(folder)
  checkProfilesFolder()
  const inTheWay = [...files.filter(isThere), ...(isProfileThere(name) ? [`the profile ${name}`] : [])]
  if (inTheWay.length > 0 && !isForced)
    throw new UsageError(
      'already-there',
      `Nothing was made, since these are there: ${inTheWay.join(', ')}. --name gives other names, and --force writes them anew; a key store is kept, and gets one more key.`,
    )
  // These are kept, and would be written through the link.
  for (const path of [gitignoreFile(folder), join(folder, DEFAULT_STORE)])
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new UsageError('link-in-the-way', `Nothing was made, since ${path} is a link: put a file in its place.`)
}

/**
 * As the gateway will: by its own reading of the settings, and of a key store that is there.
 *
 * @throws UsageError `upstream-invalid`; what the key store throws
 */
async function checkGateway(settings: string, store: string): Promise<void> {
  const { readGatewayConfig } = await import('@countersign/server')
  try {
    readGatewayConfig(settings, GATEWAY_FILE)
  } catch (error) {
    const why = error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error)
    throw new UsageError('upstream-invalid', `Nothing was made, since the gateway would not take these settings: ${why}`)
  }
  try {
    await withService({ store }, () => Promise.resolve())
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'store-missing')) throw error
  }
}

interface FirstKey {
  readonly apiKey?: string
  readonly secret: string
  readonly passphrase?: string
  /** The files that are new. */
  readonly madeStore?: readonly string[]
  readonly masterKeyFile?: string
}

/** @throws CountersignError what is wrong with the secret */
async function credentialsOf({ scheme, keyId, secret, passphrase }: Answers): Promise<FirstKey> {
  // Loaded here, so that the other commands start without a database.
  const { newPassphrase, newSecret } = await import('@countersign/server/store')
  const key = {
    ...(scheme.keyId === 'none' ? {} : { apiKey: keyId ?? TEST_KEY_ID }),
    secret: secret ?? newSecret(scheme),
    ...passphraseOf(),
  }
  createSigner(scheme, { keyId: key.apiKey, secret: key.secret, passphrase: key.passphrase })
  return key

  /** One that goes with a secret that was given can't be made up: then the signer says that it is missing. */
  function passphraseOf(): { readonly passphrase?: string } {
    if (passphrase !== undefined) return { passphrase }
    return scheme.hasPassphrase && secret === undefined ? { passphrase: newPassphrase() } : {}
  }
}

async function makeKey(store: string, { name, scheme }: Answers, undo: Undo): Promise<FirstKey> {
  // Loaded here, so that the other commands start without a database.
  const { openStoreManager } = await import('../keys/store-manager.ts')
  const { masterKeyFileFor } = await import('@countersign/server/store')
  const files = [store, `${store}-wal`, `${store}-shm`, masterKeyFileFor({ store })].filter(path => path !== undefined)
  const isNew = !isThere(store)
  if (isNew) for (const path of files.filter(path => !isThere(path))) undo.add(() => rmSync(path, { force: true }))
  const schemes = [...SCHEMES.filter(one => one.name !== scheme.name), scheme]
  const manager = await openStoreManager({ store, schemes }, undefined)
  try {
    const { key, secret, passphrase } = await manager.create({ name, scheme: scheme.name })
    if (!isNew) undo.add(() => revoke(store, key.id))
    if (secret === null) throw new UsageError('secret-missing', `The store made no secret for ${scheme.name}.`)
    const { madeMasterKeyFile: masterKeyFile } = manager
    return {
      apiKey: key.id,
      secret,
      ...(passphrase === null ? {} : { passphrase }),
      ...(masterKeyFile === undefined ? {} : { masterKeyFile }),
      madeStore: [...(isNew ? [store] : []), ...(masterKeyFile === undefined ? [] : [masterKeyFile])],
    }
  } finally {
    await manager.close()
  }
}

/** The path of the declaration of one's own, from the folder on. */
function ownSchemeOf({ schemeFile, schemeName, folder }: Answers): string | undefined {
  const path = schemeFile?.path ?? (isSchemeFile(schemeName) ? resolve(schemeName) : undefined)
  if (path === undefined) return undefined
  const short = relative(folder, path)
  return short.startsWith('.') ? short : `./${short}`
}

/** A store that was there is kept, and with it the record of the key whose secret nobody has. */
async function revoke(store: string, keyId: string): Promise<void> {
  const { openStoreManager } = await import('../keys/store-manager.ts')
  const manager = await openStoreManager({ store, mustExist: true }, undefined)
  try {
    await manager.set(keyId, 'revoke')
  } finally {
    await manager.close()
  }
}
