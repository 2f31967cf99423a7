/**
 * The key store's own figures: how long a lookup and a page of a list take with 1,000, 100,000 and 1,000,000 keys, and
 * how soon another process refuses a key that was revoked. On SQLite, and on the PostgreSQL that POSTGRES_URL names (an
 * empty database). Run by `npm run bench:keys`, after a build.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMasterKeyFile, createSealer, masterKeysOfFile, openKeyService } from '@countersign/server'
import { createSigner, createVerifier } from 'countersign'
import { qredoV1 } from 'countersign/schemes'

const ACTOR = { name: 'bench', address: '' }
const SIZES = [1_000, 100_000, 1_000_000].filter(size => size <= Number(process.env.MAX_KEYS ?? 1_000_000))
const LOOKUPS = 2_000
const PAGES = 50
const REVOCATIONS = 50
const ROWS_AT_ONCE = 400

if (process.send !== undefined) await follow(JSON.parse(process.argv[2]))
else await measure()

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const masterKeyFile = join(folder, 'master.key')
  createMasterKeyFile(masterKeyFile)
  const stores = [['SQLite', join(folder, 'keys.db')]]
  if (process.env.POSTGRES_URL === undefined) console.log('PostgreSQL is left out: POSTGRES_URL is not set.')
  else stores.push(['PostgreSQL', process.env.POSTGRES_URL])
  for (const [name, store] of stores) {
    const where = { store, masterKeyFile }
    const service = await openKeyService(where)
    await service.administrators.createOrganisation(ACTOR, { id: 'bench', name: 'Bench', kind: 'organisation' })
    await measureRevocations(name, where, service)
    let made = 0
    for (const size of SIZES) {
      const started = performance.now()
      await fill(service.database.db, createSealer(await masterKeysOfFile(masterKeyFile)), made, size)
      made = size
      if (service.database.kind === 'postgres') await run(service.database.db, 'analyze')
      const filled = (performance.now() - started) / 1000
      const lookups = await timed(LOOKUPS, () => service.keys.open(idOf(Math.floor(Math.random() * size))))
      const first = await timed(PAGES, () => service.keys.list('bench', { limit: 50 }))
      const deep = await cursorAt(service, Math.floor(size / 2))
      const middle = await timed(PAGES, () => service.keys.list('bench', { limit: 50, cursor: deep }))
      const search = await timed(5, () => service.keys.list('bench', { limit: 50, search: `key ${size - 1}` }))
      console.log(
        `${name.padEnd(10)} ${String(size).padStart(9)} keys: lookup ${show(lookups)}, first page ${show(first)}, page in the middle ${show(middle)}, search of a rare text ${show(search)} (filled in ${filled.toFixed(0)} s)`,
      )
    }
    await service.close()
  }
  rmSync(folder, { recursive: true, force: true })
}

function idOf(number) {
  return `csk_bench_${number.toString(36).padStart(8, '0')}`
}

/** Rows as the store writes them, without an entry of the log for each. */
async function fill(db, sealer, from, to) {
  for (let start = from; start < to; start += ROWS_AT_ONCE) {
    const keys = []
    const secrets = []
    for (let number = start; number < Math.min(to, start + ROWS_AT_ONCE); number++) {
      const id = idOf(number)
      const at = 1_700_000_000_000 + number
      keys.push({
        id,
        organisation_id: 'bench',
        name: `key ${number}`,
        fund_id: '',
        wallet_id: '',
        scheme: 'qredo-v1',
        public_key: '',
        sealed_passphrase: '',
        permissions: '["balance"]',
        addresses: '[]',
        labels: '{}',
        state: 'active',
        imported: 0,
        short_secret: 0,
        expires_at: 0,
        created_at: at,
        updated_at: at,
        last_used_at: 0,
      })
      secrets.push({
        id: `s-${number}`,
        key_id: id,
        sealed: await sealer.seal(Buffer.alloc(60, number & 255), id),
        created_at: at,
        expires_at: 0,
      })
    }
    await db.transaction().execute(async transaction => {
      await transaction.insertInto('api_key').values(keys).execute()
      await transaction.insertInto('key_secret').values(secrets).execute()
    })
  }
}

async function cursorAt(service, number) {
  const { created_at: at, id } = await service.database.db
    .selectFrom('api_key')
    .select(['created_at', 'id'])
    .where('id', '=', idOf(number))
    .executeTakeFirstOrThrow()
  return Buffer.from(`${at} ${id}`).toString('base64url')
}

function run(db, sql) {
  return db.executeQuery({ sql, parameters: [], query: { kind: 'RawNode' } })
}

async function timed(count, work) {
  const times = []
  for (let at = 0; at < count; at++) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)
}

function show(times) {
  const at = share => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(2)
  return `${at(0.5)} ms (p99 ${at(0.99)})`
}

/** A key is revoked in this process, and another one asks its verifier until it refuses it. */
async function measureRevocations(name, where, service) {
  const child = fork(new URL(import.meta.url), [JSON.stringify(where)])
  const heard = () => new Promise(resolve => child.once('message', resolve))
  await heard()
  const times = []
  for (let count = 0; count < REVOCATIONS; count++) {
    const { key, secret } = await service.keys.create(ACTOR, 'bench', { name: 'to be revoked' })
    child.send({ id: key.id, secret })
    await heard()
    await sleep(Math.random() * 300)
    const refused = heard()
    const at = Date.now()
    await service.keys.setState(ACTOR, 'bench', key.id, 'revoked')
    times.push((await refused).at - at)
  }
  child.disconnect()
  times.sort((a, b) => a - b)
  console.log(
    `${name.padEnd(10)} revoked here, refused in another process: median ${times[REVOCATIONS / 2]} ms, worst of ${REVOCATIONS} ${times.at(-1)} ms`,
  )
}

async function follow(where) {
  const service = await openKeyService(where)
  const verifier = createVerifier(qredoV1, { origin: 'https://a.example', keys: service.source, replay: 'off' })
  process.on('disconnect', () => void service.close())
  process.on('message', async ({ id, secret }) => {
    const signer = createSigner(qredoV1, { keyId: id, secret })
    const ask = async () => {
      const { headers } = signer.sign({ method: 'GET', url: 'https://a.example/' })
      const result = await verifier.verify({ method: 'GET', target: '/', headers })
      return result.ok ? 'ok' : result.failure.code
    }
    while ((await ask()) !== 'ok') await sleep(1)
    process.send({ at: Date.now() })
    while ((await ask()) !== 'key-revoked') await sleep(1)
    process.send({ at: Date.now() })
  })
  process.send({ at: Date.now() })
}
