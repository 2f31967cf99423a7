/**
 * Loaded before the command by `node --import`: ends the process, as a loss of power would, at the step that `KILL_AT`
 * names: a function of `node:fs` or `node:http`, a part of the path, and whether it comes before or after the call.
 */
import fs from 'node:fs'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'

const [name = '', part = '', when = ''] = (process.env.KILL_AT ?? '').split(' ')
const end = () => process.kill(process.pid, 'SIGKILL')

/** Descriptors of the files that are meant. */
const opened = new Set()
const isMeant = args => args.some(arg => (typeof arg === 'string' && arg.includes(part)) || (typeof arg === 'number' && opened.has(arg)))

for (const step of ['openSync', 'writeFileSync', 'fsyncSync', 'closeSync', 'linkSync', 'rmSync']) {
  const original = fs[step]
  fs[step] = (...args) => {
    const isHere = step === name && isMeant(args)
    if (isHere && when === 'before') end()
    const result = original(...args)
    if (step === 'openSync' && isMeant(args)) opened.add(result)
    if (isHere && when === 'after') end()
    return result
  }
}
const { request } = http
http.request = (...args) => {
  const isHere = name === 'request' && String(args[0]).endsWith(part)
  if (isHere && when === 'before') end()
  const sent = request(...args)
  if (isHere) sent.on('response', end)
  return sent
}
syncBuiltinESMExports()
if (name === 'exit') process.on('exit', end)
