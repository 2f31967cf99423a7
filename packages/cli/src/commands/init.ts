import { type Command, Option } from 'commander'
import { PURPOSES } from '../init/answers.ts'
import { DEFAULT_UPSTREAM, type Given, gatherAnswers } from '../init/ask.ts'
import { GATEWAY_FILE } from '../init/gateway-file.ts'
import { type Made, make } from '../init/make.ts'
import { masterKeyAdvice } from '../keys/store-options.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { nearestPath } from '../text/nearest-path.ts'
import { shellWord } from '../text/shell-word.ts'

interface InitOptions extends Given {
  readonly force?: boolean
  readonly json?: boolean
}

export function defineInit(command: Command, done: Done): void {
  command
    .optionsGroup('What for:')
    .addOption(new Option('--use <what>', 'call an API, protect one of your own, or receive webhooks').choices(PURPOSES))
    .option('-s, --scheme <name|file>', 'signature scheme; countersign schemes lists them')
    .option('--new-scheme <name>', 'a scheme of your own: writes NAME.scheme.json to begin with')
    .option('--upstream <url>', `protect: where your API listens (default: ${DEFAULT_UPSTREAM})`)
    .optionsGroup('The first key:')
    .option('--name <name>', "of the profile, and of the key in a store (default: the scheme's)")
    .addOption(new Option('-k, --api-key <id>', 'call: the API key id that you were given').env('COUNTERSIGN_API_KEY'))
    .option('--secret-file <path>', 'call, receive: file that holds the secret that you were given (or COUNTERSIGN_SECRET)')
    .option('--secret-stdin', 'read the secret from standard input')
    .addOption(new Option('--passphrase <text>', 'for the schemes that want one').env('COUNTERSIGN_PASSPHRASE'))
    .optionsGroup('How:')
    .option('--folder <path>', 'where files are written', '.')
    .option('-y, --yes', 'ask nothing: take what is usual, and make up a secret where none is given')
    .option('--force', 'write anew what is there; a key store is kept, and gets one more key')
    .option('--json', 'what was made, as JSON')
    .addHelpText(
      'after',
      `
call, receive: a profile, in a file that only you can read. protect: countersign.yaml for the gateway, a key store with its master key, and the first
key as a profile. Each adds the lines to .gitignore that keep secrets out, and prints three commands to go on with.

Examples:
  $ countersign init
  $ countersign init --use receive --scheme stripe --secret-file whsec.txt
  $ countersign init --use protect --scheme qredo-v2 --upstream http://127.0.0.1:3000 --yes
  $ countersign init --use call --new-scheme mine --yes --json`,
    )
    .action(async (options: InitOptions) => {
      const made = await make(await gatherAnswers(options), options.force === true)
      if (made.masterKeyFile !== null) tell(masterKeyAdvice(made.masterKeyFile))
      if (options.json === true) out(`${JSON.stringify(made)}\n`)
      else {
        for (const line of describe(made)) tell(line)
        for (const line of made.next) out(`${line}\n`)
      }
      done(EXIT.ok)
    })
}

function describe({ files, folder, profile, keyId, hasMadeUpSecret, ignored, masterKeyFile, next }: Made): readonly string[] {
  const place = nearestPath(folder)
  return [
    ...files.map(file => `made   ${nearestPath(file)}`),
    ...(ignored.length === 0 ? [] : [`added  ${ignored.join(', ')} to ${nearestPath(`${folder}/.gitignore`)}`]),
    `The profile ${profile} ${keyId === null ? 'has the secret' : `has the key ${keyId} and its secret`}${hasMadeUpSecret ? ', made up to try it out: countersign profiles add --force replaces it with yours' : ''}.`,
    ...(masterKeyFile === null
      ? []
      : [
          `The master key lies beside its store so that these commands find it. Before it goes live, move it elsewhere, with masterKeyFile in ${GATEWAY_FILE}; until then the gateway warns of it.`,
        ]),
    '',
    `Next${place === '.' ? '' : `, in ${shellWord(place)}`} (${next[0].split(' ').slice(0, 2).join(' ')} goes on until Ctrl+C: give it a terminal of its own):`,
    '',
  ]
}
