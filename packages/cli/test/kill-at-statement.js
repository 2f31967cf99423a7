/**
 * Makes or rotates one key, and ends the process, as a loss of power would, before or after its n-th statement:
 * `node kill-at-statement.js STORE MASTER_KEY_FILE create|rotate KEY_ID N before|after`; prints what is acknowledged.
 */
import { writeSync } from 'node:fs'
import { openKeyService } from '@countersign/server/store'
import Connection from 'libsql'
import pg from 'pg'

const [store, masterKeyFile, work, id, wanted, when] = process.argv.slice(2)
let isArmed = false
let count = 0
const end = () => process.kill(process.pid, 'SIGKILL')

/** Whether the next statement is the one. */
const isHere = () => isArmed && ++count === Number(wanted)

const { query } = pg.Client.prototype
pg.Client.prototype.query = function (...args) {
  const is = isHere()
  if (is && when === 'before') end()
  const answer = query.apply(this, args)
  if (is) Promise.resolve(answer).then(end, end)
  return answer
}

const { prepare } = Connection.prototype
Connection.prototype.prepare = function (...args) {
  const statement = prepare.apply(this, args)
  for (const name of ['run', 'all', 'get']) {
    const original = statement[name].bind(statement)
    statement[name] = (...values) => {
      const is = isHere()
      if (is && when === 'before') end()
      const answer = original(...values)
      if (is) end()
      return answer
    }
  }
  return statement
}

// Nothing else is to ask the store meanwhile: neither for changes by others, nor to write down uses.
const service = await openKeyService({ store, masterKeyFile, pollMs: 3_600_000, flushMs: 3_600_000 })
const actor = { name: 'test', address: '' }
isArmed = true
const shown =
  work === 'create' ? await service.keys.create(actor, 'default', { name: id }) : await service.keys.rotate(actor, 'default', id, {})
isArmed = false
writeSync(1, JSON.stringify({ id: shown.key.id, secret: shown.secret }))
await service.close()
