/**
 * Makes the command one file, `dist/countersign.mjs`, that needs Node and nothing else, and beside it the licences of
 * what is in it. Left out is what needs a native module: key stores in a file of SQLite, and with them the sandbox and
 * the tour; and the completions, which come with the package. Run by `npm run single-file`, after a build.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { noteLicences } from './licences.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'dist', 'countersign.mjs')

const throwing = what => `import { UsageError } from '${join(root, 'packages/cli/src/process/exit.ts')}'
function leftOut() {
  throw new UsageError('left-out', ${JSON.stringify(`${what} not in the single file: npm install --global @countersign/cli has all.`)})
}
`

/** A command that only says that it is left out, whatever its line is. */
const withoutCommand = (name, what) =>
  `${throwing(what)}export const ${name} = command => command.allowUnknownOption().allowExcessArguments().action(leftOut)`

/** What stands in the place of modules: by the end of their path, or their name. */
const REPLACED = {
  libsql: `${throwing('Key stores in a file of SQLite are')}export default leftOut`,
  '/cli/src/commands/sandbox.ts': withoutCommand('defineSandbox', 'The sandbox is'),
  '/cli/src/commands/tour.ts': withoutCommand('defineTour', 'The tour is'),
  '/cli/src/commands/completion.ts': withoutCommand('defineCompletion', 'Completion is'),
  // Node's own bindings of PostgreSQL, which the driver takes where they are installed.
  'pg-native': 'export default undefined',
}

/** What is written anew in a module: by the end of its path. */
const REWRITTEN = {
  '/ui/src/server/server.ts': ["fileURLToPath(new URL('../../dist/page/', import.meta.url))", embedded('page')],
  '/ui/src/server/console-directory.ts': ["fileURLToPath(new URL('../../dist/console', import.meta.url))", embedded('console')],
  // The file is its own worker; single-file.ts tells them apart.
  '/cli/src/infer/threads.ts': ["'./worker.js'", "''"],
}

const licences = noteLicences()

await build({
  cwd: root,
  input: 'packages/cli/src/single-file.ts',
  platform: 'node',
  resolve: { conditionNames: ['@countersign/source', 'node', 'import', 'require'] },
  logLevel: 'warn',
  plugins: [
    licences.plugin,
    {
      name: 'single-file',
      resolveId: source => (source in REPLACED ? `\0${source}` : null),
      load(id) {
        const name = Object.keys(REPLACED).find(end => id === `\0${end}` || id.endsWith(end))
        if (name !== undefined) return { code: REPLACED[name], moduleType: 'js' }
        return null
      },
      transform(code, id) {
        const end = Object.keys(REWRITTEN).find(path => id.endsWith(path))
        if (end === undefined) return null
        const [from, to] = REWRITTEN[end]
        if (!code.includes(from)) throw new Error(`${end} has changed: ${from} is not in it`)
        return code.replace(from, to)
      },
    },
  ],
  output: { file: target, format: 'esm', codeSplitting: false, banner: '#!/usr/bin/env node' },
})

mkdirSync(dirname(target), { recursive: true })
writeFileSync(`${target}.licences.txt`, licences.text())
console.log(`${target}: ${(statSync(target).size / 1e6).toFixed(1)} MB`)

/** An expression: the path of a folder that has the files of ui's `dist`, written when it is asked for. */
function embedded(folder) {
  const from = join(root, 'packages/ui/dist', folder)
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter(file => statSync(join(from, file)).isFile())
  const bytes = Object.fromEntries(files.map(file => [file, readFileSync(join(from, file)).toString('base64')]))
  return `globalThis[Symbol.for('countersign.unpacked')](${JSON.stringify(bytes)})`
}
