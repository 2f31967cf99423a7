/**
 * Writes the doors through which CommonJS enters the library, a `.cjs` and a `.d.cts` beside each entry point of its
 * package.json. Both only lead to the ES module: there is one copy of the code and of the types, whoever asks for them.
 * The types are needed since TypeScript's `node16` lets a `.cts` file import no ES module. Run by `npm run build`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const library = fileURLToPath(new URL('../packages/countersign/', import.meta.url))
const { exports } = JSON.parse(readFileSync(`${library}package.json`, 'utf8'))
const declarations = readdirSync(`${library}dist`, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.d.ts'))
  .map(file => readFileSync(`${library}dist/${file}`, 'utf8'))
  .join('\n')

for (const entry of Object.values(exports).filter(entry => entry.require !== undefined)) {
  const names = Object.keys(await import(`${library}${entry.default}`))
  const module = `./${basename(entry.default)}`
  const from = `from '${module}' with { 'resolution-mode': 'import' }`
  const lines = [
    `import type * as esm ${from}`,
    `export type * ${from}`,
    ...names.flatMap(name => [`export declare const ${name}: typeof esm.${name}`, ...typeOf(name)]),
  ]
  writeFileSync(`${library}${entry.require.types}`, `${lines.join('\n')}\n`)
  writeFileSync(`${library}${entry.require.default}`, `module.exports = require('${module}')\n`)
}

/** A class is a type as well; a constant alone would hide that. */
function typeOf(name) {
  const [, generic] =
    declarations.match(new RegExp(`^export (?:declare )?(?:abstract )?(?:class|interface|type|enum) ${name}\\b(<?)`, 'm')) ?? []
  if (generic === '<') throw new Error(`${name} is a value and a generic type: write its parameters here.`)
  return generic === undefined ? [] : [`export type ${name} = esm.${name}`]
}
