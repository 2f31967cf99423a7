import type { StoreConfig } from '@countersign/server'
import type { KeyChanges, KeyView, NewKey, ShownKey } from '@countersign/server/store'
import { type Command, Option } from 'commander'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { keptFirst } from '../keys/keep-secret.ts'
import type { KeyManager, Verb } from '../keys/key-manager.ts'
import {
  addPublicKeyOption,
  addSettingOptions,
  type JsonOption,
  publicKeyOf,
  type SettingOptions,
  type ShownOptions,
  secondsOf,
  settingsOf,
  withoutUndefined,
} from '../keys/key-options.ts'
import { schemeOfKey, schemeOfProfile } from '../keys/scheme-of-key.ts'
import { checkKept, rowOf, show, showSecret } from '../keys/show-key.ts'
import { addManagerOptions, type ManagerOptions, readSettings, withManager } from '../keys/store-options.ts'
import { readNumber } from '../options/numbers.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { out, readStandardInput, tell } from '../process/streams.ts'
import { table } from '../text/table.ts'

interface ImportOptions extends ShownOptions {
  readonly secretFile?: string
  readonly secretStdin?: boolean
  readonly passphrase?: string
  readonly allowShortSecret?: boolean
}

interface RotateOptions extends ShownOptions {
  readonly overlap: string
  readonly secretFile?: string
}

const MAY_MAKE = { mayMake: true }
const SCHEME_HELP = `what it signs with: a name, or your own declaration (default: the one that the routes of --config take, or ${DEFAULT_SCHEME_NAME})`

export function defineKeys(keys: Command, done: Done): void {
  addManagerOptions(keys.command('list').description('list keys, the newest first'))
    .optionsGroup('Which:')
    .option('--search <text>', 'part of a name, an id or a label')
    .addOption(new Option('--state <state>', 'only these').choices(['active', 'disabled', 'revoked', 'expired']))
    .option('--limit <n>', 'at most so many', '100')
    .option('--cursor <text>', 'go on where another list ended')
    .optionsGroup('Output:')
    .option('--json', '{"keys":[…],"next":…}')
    .addHelpText('after', '\nExamples:\n  $ countersign keys list\n  $ countersign keys list --search trading --state active --json')
    .action(
      async (options: ManagerOptions & JsonOption & { search?: string; state?: KeyView['state']; limit: string; cursor?: string }) => {
        const limit = readNumber(options.limit, '--limit', 1, 500)
        const { search, state, cursor } = options
        const page = await withManager(options, manager => manager.list({ search, state, cursor, limit }))
        if (options.json === true) out(`${JSON.stringify(page)}\n`)
        else if (page.keys.length === 0) tell('No keys. Make one with: countersign keys create NAME')
        else {
          const rows = page.keys.map(key => rowOf(key, Date.now()))
          out(table(['ID', 'NAME', 'STATE', 'SCHEME', 'PERMISSIONS', 'LAST USED'], rows))
          if (page.next !== null) tell(`There are more: --cursor ${page.next}`)
        }
        done(EXIT.ok)
      },
    )

  addManagerOptions(keys.command('show').description('show a key and how often it was used, never its secret').argument('<id>'))
    .option('--json', 'as JSON')
    .action(async (id: string, options: ManagerOptions & JsonOption) => {
      await withManager(options, async manager => show(await manager.get(id), options, await manager.days(id)))
      done(EXIT.ok)
    })

  addPublicKeyOption(
    addSettingOptions(
      addManagerOptions(keys.command('create').description('make a key; its secret is shown this once').argument('<name>')),
    ),
  )
    .option('-s, --scheme <name|path>', SCHEME_HELP)
    .option('--secret-out <path>', 'write the secret into a new file that only you can read, instead of showing it')
    .option('--save-profile <name>', 'keep id and secret as a profile, for --profile')
    .option('--json', '{"key":…,"secret":…}')
    .addHelpText(
      'after',
      `
Examples:
  $ countersign keys create Trading --permission orders:read --permission orders:write
  $ countersign keys create Reports --config countersign.yaml --permission orders:read --address 10.0.0.0/8 --expires 2027-01-01
  $ countersign keys create Orders --scheme ./mine.json
  $ countersign keys create Partner --scheme qredo-partner --public-key-file public.pem`,
    )
    .action(async (name: string, options: ShownOptions) => {
      const settings = await readSettings(options)
      const key: NewKey = { ...settingsOf(options), name, scheme: schemeOfKey(options, settings), publicKey: publicKeyOf(options) }
      checkKept(options)
      const access = { ...MAY_MAKE, settings }
      showSecret(await withManager(options, manager => create(manager, key, options, settings), access), options)
      done(EXIT.ok)
    })

  addPublicKeyOption(
    addSettingOptions(
      addManagerOptions(keys.command('import').description('take over a key that is in use elsewhere, with its own id').argument('<id>')),
    ),
  )
    .option('--name <name>', 'what it is called (default: its id)')
    .option('-s, --scheme <name|path>', SCHEME_HELP)
    .option('--secret-file <path>', 'file that holds the secret, written as the scheme says')
    .option('--secret-stdin', 'read the secret from standard input')
    .option('--passphrase <text>', 'for the schemes that want one')
    .option('--allow-short-secret', 'take a secret of under 16 bytes, with a warning')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign keys import 9OgjbzwhoE4LJA --name "Old trading" --permission orders:write --secret-file old.txt',
    )
    .action(async (id: string, options: ImportOptions) => {
      if (options.secretFile !== undefined && options.secretStdin === true)
        throw new UsageError('secret-twice', 'Give the secret once: --secret-file or --secret-stdin.')
      const secret =
        options.secretStdin === true
          ? new TextDecoder().decode(await readStandardInput())
          : options.secretFile === undefined
            ? undefined
            : readTextFile(options.secretFile, 'secret file')
      const settings = await readSettings(options)
      const shown = await withManager(
        options,
        manager =>
          manager.import(
            withoutUndefined({
              ...settingsOf(options),
              id,
              name: options.name ?? id,
              scheme: schemeOfKey(options, settings),
              publicKey: publicKeyOf(options),
              secret: secret?.replace(/\r?\n$/, ''),
              passphrase: options.passphrase,
              allowShortSecret: options.allowShortSecret,
            }),
          ),
        { ...MAY_MAKE, settings },
      )
      for (const warning of shown.warnings) tell(`warning: ${warning}`)
      show(shown.key, options)
      done(EXIT.ok)
    })

  addSettingOptions(addManagerOptions(keys.command('update').description('change a key').argument('<id>')))
    .option('--name <name>', 'another name')
    .option('-s, --scheme <path>', 'the declaration of its scheme, where that is one of your own')
    .option('--no-permissions', 'take all permissions away')
    .option('--no-addresses', 'from anywhere again')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nWhat is given replaces what was there: --permission twice sets these two.\n\nExample:\n  $ countersign keys update ID --permission orders:read --expires never',
    )
    .action(async (id: string, options: SettingOptions & { permissions: boolean; addresses: boolean }) => {
      const changes: KeyChanges = withoutUndefined({
        ...settingsOf(options),
        name: options.name,
        ...(options.permissions ? {} : { permissions: [] }),
        ...(options.addresses ? {} : { addresses: [] }),
      })
      if (Object.keys(changes).length === 0) throw new UsageError('change-missing', 'Say what to change: --help lists it.')
      show(await withManager(options, manager => manager.update(id, changes)), options)
      done(EXIT.ok)
    })

  addPublicKeyOption(
    addManagerOptions(
      keys.command('rotate').description('give a key a new secret or public key; the old one stays good for a while').argument('<id>'),
    ),
    'the new public key, for a key that has one',
  )
    .option('--overlap <time>', 'how long the old one stays good, such as 90s, 30m, 12h or 7d; 0 ends it now', '24h')
    .option('-s, --scheme <path>', 'the declaration of its scheme, where that is one of your own')
    .option('--secret-file <path>', 'a secret that the other side chose, written as the scheme says; - reads standard input')
    .option('--secret-out <path>', 'write the secret into a new file that only you can read, instead of showing it')
    .option('--save-profile <name>', 'keep id and secret as a profile, for --profile')
    .option('--json', '{"key":…,"secret":…}')
    .addHelpText(
      'after',
      `
Rotated again during an overlap, the newest secret is replaced if nobody has used it yet, and the one in use stays: a new secret
that was lost is no downtime.

Examples:
  $ countersign keys rotate ID --overlap 7d --secret-out new.secret
  $ countersign keys rotate ID --secret-file theirs.txt
  $ countersign keys rotate ID --public-key-file new.pem --overlap 30d`,
    )
    .action(async (id: string, options: RotateOptions) => {
      checkKept(options, id)
      const settings = await readSettings(options)
      showSecret(await withManager(options, manager => rotate(manager, id, options, settings), { settings }), options)
      done(EXIT.ok)
    })

  for (const [verb, what] of [
    ['disable', 'refuse a key until it is enabled again'],
    ['enable', 'accept a disabled key again'],
    ['revoke', 'refuse a key for good'],
  ] as const) {
    const command = addManagerOptions(keys.command(verb).description(what).argument('<id>')).option('--json', 'as JSON')
    if (verb === 'revoke') command.option('-y, --yes', 'do not ask')
    command.action(async (id: string, options: ManagerOptions & JsonOption & { yes?: boolean }) => {
      await setState(id, verb, options)
      done(EXIT.ok)
    })
  }

  addManagerOptions(keys.command('export-public').description('print a key’s public key, in PEM').argument('<id>')).action(
    async (id: string, options: ManagerOptions) => {
      const { publicKey } = await withManager(options, manager => manager.get(id))
      if (publicKey === null) throw new UsageError('public-key-missing', `The key ${id} signs with a shared secret, and has no public key.`)
      out(publicKey.endsWith('\n') ? publicKey : `${publicKey}\n`)
      done(EXIT.ok)
    },
  )
}

/** With a secret that is kept elsewhere, that comes first. */
async function create(manager: KeyManager, key: NewKey, options: ShownOptions, settings: Partial<StoreConfig>): Promise<ShownKey> {
  if (!isKept(options)) return await manager.create(withoutUndefined(key))
  const { scheme, publicKey } = key
  const { id, secret, passphrase } = await manager.propose(withoutUndefined({ scheme, publicKey }))
  if (secret === null) return await manager.create(withoutUndefined(key))
  const given = { id, secret, ...(passphrase === null ? {} : { passphrase }) }
  const profile = {
    scheme: schemeOfProfile(options.scheme ?? scheme, settings),
    apiKey: id,
    secret,
    ...(passphrase === null ? {} : { passphrase }),
  }
  const shown = await keptFirst(options, profile, () => manager.create(withoutUndefined({ ...key, ...given })))
  return { ...shown, secret, passphrase }
}

async function rotate(manager: KeyManager, id: string, options: RotateOptions, settings: Partial<StoreConfig>): Promise<ShownKey> {
  const overlapSeconds = secondsOf(options.overlap)
  const publicKey = publicKeyOf(options)
  const chosen = options.secretFile === undefined ? undefined : await readSecretFile(options.secretFile)
  if (chosen !== undefined || publicKey !== undefined || !isKept(options))
    return await manager.rotate(id, withoutUndefined({ overlapSeconds, secret: chosen, publicKey }))
  const { scheme } = await manager.get(id)
  const { secret } = await manager.propose({ scheme })
  if (secret === null) return await manager.rotate(id, { overlapSeconds })
  const shown = await keptFirst(options, { scheme: schemeOfProfile(options.scheme ?? scheme, settings), apiKey: id, secret }, () =>
    manager.rotate(id, { overlapSeconds, secret }),
  )
  return { ...shown, secret }
}

function isKept({ saveProfile, secretOut }: ShownOptions): boolean {
  return (saveProfile ?? secretOut) !== undefined
}

/** Without its line's end. */
async function readSecretFile(path: string): Promise<string> {
  const text = path === '-' ? new TextDecoder().decode(await readStandardInput()) : readTextFile(path, 'secret file')
  return text.replace(/\r?\n$/, '')
}

async function setState(id: string, verb: Verb, options: ManagerOptions & JsonOption & { yes?: boolean }): Promise<void> {
  await withManager(options, async manager => {
    if (verb === 'revoke' && options.yes !== true) {
      if (process.stdin.isTTY !== true)
        throw new UsageError('confirmation-missing', `This would revoke ${id} for good, and there is no terminal to ask on: add --yes.`)
      const { name } = await manager.get(id)
      const { default: confirm } = await import('@inquirer/confirm')
      const isSure = await confirm({ message: `Revoke ${name} (${id})? It can't be undone.`, default: false }, { output: process.stderr })
      if (!isSure) throw new UsageError('not-confirmed', 'Nothing was changed.')
    }
    show(await manager.set(id, verb), options)
  })
}
