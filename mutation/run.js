/**
 * Changes the code of the rooms that decide, a little at a time, and looks whether a test notices (Stryker).
 * `npm run mutation -- claims replay` for some rooms, without a name for all. What was tried before and has not changed
 * is not tried again.
 *
 * Exit code 1 when a room's tests notice less than 90 % of the changes that are not listed in equivalents.js.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EQUIVALENTS } from './equivalents.js'
import { ROOMS } from './rooms.js'

const LEAST_NOTICED = 0.9

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const unknown = wanted.find(room => !(room in ROOMS))
if (unknown !== undefined) {
  console.error(`There is no room ${unknown}; one of ${Object.keys(ROOMS).join(', ')}.`)
  process.exit(2)
}

if (!existsSync(`${here}/node_modules`)) run('npm', ['ci', '--no-audit', '--no-fund'], here)

let failed = false
for (const room of wanted.length === 0 ? Object.keys(ROOMS) : wanted) {
  run(process.execPath, [`${here}/node_modules/@stryker-mutator/core/bin/stryker.js`, 'run', 'mutation/stryker.config.js'], root, {
    ROOM: room,
  })
  const { survived, noticed, equivalent, ignored } = count(JSON.parse(readFileSync(`${here}/reports/${room}.json`, 'utf8')))
  const share = noticed / (noticed + survived.length)
  for (const one of survived) console.log(one)
  console.log(
    `${room}: ${noticed} of ${noticed + survived.length} changes noticed (${(100 * share).toFixed(1)} %), ${equivalent} equivalent, ${ignored} not tried`,
  )
  failed ||= share < LEAST_NOTICED
}
process.exit(failed ? 1 : 0)

function run(command, args, cwd, env = {}) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) process.exit(status ?? 1)
}

/** Sorts the changes of a report. */
function count({ files }) {
  const survived = []
  let [noticed, equivalent, ignored] = [0, 0, 0]
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n')
    for (const { status, location, replacement, mutatorName } of mutants) {
      if (status === 'Killed' || status === 'Timeout' || status === 'RuntimeError') noticed++
      else if (status === 'Ignored' || status === 'CompileError') ignored++
      else {
        const from = textAt(lines, location)
        const line = lines[location.start.line - 1] ?? ''
        if (EQUIVALENTS.some(one => isMeant(one, file, line, from, replacement))) equivalent++
        else survived.push(`${file}:${location.start.line} ${mutatorName}\n  - ${from}\n  + ${replacement}`)
      }
    }
  }
  return { survived, noticed, equivalent, ignored }
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
