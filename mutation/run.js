/**
 * Changes the code that decides, a little at a time, and looks whether a test notices (Stryker).
 * `npm run mutation -- claims replay` for some targets, without a name for all. What was tried before and has not
 * changed is not tried again.
 *
 * Exit code 1 when a target's tests notice less than 90 % of the changes that are not listed in equivalents.js, or when
 * an entry there is of no change.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EQUIVALENTS } from './equivalents.js'
import { TARGETS } from './targets.js'

const LEAST_NOTICED = 0.9

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const unknown = wanted.find(target => !Object.hasOwn(TARGETS, target))
if (unknown !== undefined) {
  console.error(`Unknown target ${unknown}; one of ${Object.keys(TARGETS).join(', ')}.`)
  process.exit(2)
}

let failed = false
for (const target of wanted.length === 0 ? Object.keys(TARGETS) : wanted) {
  run(process.execPath, [`${here}/node_modules/@stryker-mutator/core/bin/stryker.js`, 'run', 'mutation/stryker.config.js'], root, {
    TARGET: target,
  })
  const { survived, noticed, equivalent, ignored, stale } = count(JSON.parse(readFileSync(`${here}/reports/${target}.json`, 'utf8')))
  const share = noticed / (noticed + survived.length)
  for (const one of survived) console.log(one)
  console.log(
    `${target}: ${noticed} of ${noticed + survived.length} changes noticed (${(100 * share).toFixed(1)} %), ${equivalent} equivalent, ${ignored} not tried`,
  )
  for (const { file, from, to } of stale) console.log(`equivalents.js: no change of ${file} from ${from} to ${to}`)
  // Without any change, as after its files were renamed, the share is NaN.
  if (!(share >= LEAST_NOTICED) || stale.length > 0) failed = true
}
process.exit(failed ? 1 : 0)

function run(command, args, cwd, env = {}) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) process.exit(status ?? 1)
}

/** Sorts the changes of a report. */
function count({ files }) {
  const survived = []
  const stale = new Set(EQUIVALENTS.filter(({ file }) => Object.keys(files).some(path => path.endsWith(file))))
  let [noticed, equivalent, ignored] = [0, 0, 0]
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n')
    for (const { status, location, replacement, mutatorName } of mutants) {
      const from = textAt(lines, location)
      const line = lines[location.start.line - 1] ?? ''
      const meant = EQUIVALENTS.filter(one => isMeant(one, file, line, from, replacement))
      for (const one of meant) stale.delete(one)
      if (status === 'Killed' || status === 'Timeout' || status === 'RuntimeError') noticed++
      else if (status === 'Ignored' || status === 'CompileError') ignored++
      else if (meant.length > 0) equivalent++
      else survived.push(`${file}:${location.start.line} ${mutatorName}\n  - ${from}\n  + ${replacement}`)
    }
  }
  return { survived, noticed, equivalent, ignored, stale: [...stale] }
}

function isMeant(one, file, line, from, to) {
  return file.endsWith(one.file) && from.includes(one.from) && one.to === to && (one.line === undefined || line.includes(one.line))
}

function textAt(lines, { start, end }) {
  const part = lines.slice(start.line - 1, end.line)
  part[part.length - 1] = (part.at(-1) ?? '').slice(0, end.column - 1)
  part[0] = (part[0] ?? '').slice(start.column - 1)
  return part.join('\n')
}
