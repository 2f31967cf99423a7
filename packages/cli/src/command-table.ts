import type { Command } from 'commander'
import type { Done } from './process/exit.ts'

type Define = (command: Command, done: Done) => void

export interface CommandEntry {
  readonly name: string
  /** The line in the list of `--help`. */
  readonly description: string
  /** Options, arguments and what it does: loaded when the command is called, or its help asked for. */
  readonly load: () => Promise<Define>
}

/** All commands, in the order of `--help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    description: 'settings, a scheme file and a first key, by questions or flags',
    load: async () => (await import('./commands/init.ts')).defineInit,
  },
  {
    name: 'send',
    description: 'sign a call, send it, and print the body of the answer',
    load: async () => (await import('./commands/send.ts')).defineSend,
  },
  {
    name: 'sign',
    description: 'sign a call, and print the headers it needs',
    load: async () => (await import('./commands/sign.ts')).defineSign,
  },
  {
    name: 'verify',
    description: 'check a request and its signature, and say what is wrong',
    load: async () => (await import('./commands/verify.ts')).defineVerify,
  },
  {
    name: 'explain',
    description: 'find out why a signature does not match',
    load: async () => (await import('./commands/explain.ts')).defineExplain,
  },
  {
    name: 'listen',
    description: 'verify incoming requests, forward the verified ones, and explain the refused ones',
    load: async () => (await import('./commands/listen.ts')).defineListen,
  },
  {
    name: 'trigger',
    description: 'send a signed sample event, as its provider would',
    load: async () => (await import('./commands/trigger.ts')).defineTrigger,
  },
  {
    name: 'infer',
    description: 'find the declaration that makes the signatures of an API’s examples',
    load: async () => (await import('./commands/infer.ts')).defineInfer,
  },
  {
    name: 'ui',
    description: 'a web page to sign, send and explain, served to this machine only',
    load: async () => (await import('./commands/ui.ts')).defineUi,
  },
  {
    name: 'schemes',
    description: 'list the signature schemes, or describe one and what it covers',
    load: async () => (await import('./commands/schemes.ts')).defineSchemes,
  },
  {
    name: 'code',
    description: 'print a complete program that signs and sends one request',
    load: async () => (await import('./commands/code.ts')).defineCode,
  },
  {
    name: 'openapi',
    description: "print a scheme's security description for OpenAPI 3.1, as JSON",
    load: async () => (await import('./commands/openapi.ts')).defineOpenApi,
  },
  {
    name: 'profiles',
    description: 'credentials under a name, in files that only you can read',
    load: async () => (await import('./commands/profiles.ts')).defineProfiles,
  },
  {
    name: 'sandbox',
    description: 'start the APIs to call, with accounts, demo keys, a feed and tokens',
    load: async () => (await import('./commands/sandbox.ts')).defineSandbox,
  },
  {
    name: 'server',
    description: 'serve the admin API and the console in front of a key store',
    load: async () => (await import('./commands/server.ts')).defineServer,
  },
  {
    name: 'keys',
    description: 'make, change, rotate and revoke keys, in a store or on a server',
    load: async () => (await import('./commands/keys.ts')).defineKeys,
  },
  {
    name: 'admins',
    description: 'who may manage keys through the admin API and the console; works on the store itself',
    load: async () => (await import('./commands/admins.ts')).defineAdmins,
  },
  {
    name: 'organisations',
    description: 'whose keys they are, and what those may be at most',
    load: async () => (await import('./commands/organisations.ts')).defineOrganisations,
  },
  {
    name: 'master-key',
    description: 'the key that seals all secrets in a store',
    load: async () => (await import('./commands/master-key.ts')).defineMasterKey,
  },
  {
    name: 'gateway',
    description: 'a reverse proxy that lets verified requests through to any API, and no others',
    load: async () => (await import('./commands/gateway.ts')).defineGateway,
  },
  {
    name: 'store',
    description: 'back up, restore and check a key store',
    load: async () => (await import('./commands/store.ts')).defineStore,
  },
  {
    name: 'audit',
    description: 'the log of every administrative act, and of refusals; on a store, or with --server through a server',
    load: async () => (await import('./commands/audit.ts')).defineAudit,
  },
  {
    name: 'migration',
    description: 'who still uses what is on its way out',
    load: async () => (await import('./commands/migration.ts')).defineMigration,
  },
  {
    name: 'completion',
    description: 'print the completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).defineCompletion,
  },
  {
    name: 'tour',
    description: 'a walk through it all in two minutes, against a sandbox that is there as long',
    load: async () => (await import('./commands/tour.ts')).defineTour,
  },
]
