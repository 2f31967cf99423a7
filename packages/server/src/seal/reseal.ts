import type { Db } from '../database/database.ts'
import { CANARY } from './canary.ts'
import { type Sealer, sealedPrefix } from './sealer.ts'

export interface ResealProgress {
  readonly done: number
  readonly left: number
}

const AT_ONCE = 200

/** A place where sealed values stand, with what each is bound to. */
interface Place {
  count(prefix: string): Promise<number>
  next(prefix: string): Promise<readonly { readonly id: string; readonly owner: string; readonly sealed: string }[]>
  /** Only where nothing else was written meanwhile. */
  replace(id: string, from: string, to: string): Promise<void>
}

/**
 * Seals everything anew that is not sealed with the current master key, a piece at a time, while servers work. It can be broken off and begun again: what is
 * done is not done twice. Ends when nothing is left.
 */
export async function resealAll(db: Db, sealer: Sealer, onProgress?: (progress: ResealProgress) => void): Promise<number> {
  const prefix = `${sealedPrefix(sealer.currentId())}%`
  const places = [secretsIn(db), passphrasesIn(db), canaryIn(db)]
  const left = async (): Promise<number> =>
    (await Promise.all(places.map(place => place.count(prefix)))).reduce((sum, count) => sum + count, 0)
  let done = 0
  for (const place of places) {
    for (;;) {
      const rows = await place.next(prefix)
      if (rows.length === 0) break
      for (const { id, owner, sealed } of rows) {
        await place.replace(id, sealed, await sealer.seal(await sealer.open(sealed, owner), owner))
        done++
      }
      onProgress?.({ done, left: await left() })
    }
  }
  return done
}

function secretsIn(db: Db): Place {
  return {
    async count(prefix) {
      const { count } = await db
        .selectFrom('key_secret')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('sealed', 'not like', prefix)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    async next(prefix) {
      const rows = await db
        .selectFrom('key_secret')
        .select(['id', 'key_id', 'sealed'])
        .where('sealed', 'not like', prefix)
        .limit(AT_ONCE)
        .execute()
      return rows.map(({ id, key_id, sealed }) => ({ id, owner: key_id, sealed }))
    },
    replace: async (id, from, to) =>
      void (await db.updateTable('key_secret').set({ sealed: to }).where('id', '=', id).where('sealed', '=', from).execute()),
  }
}

function passphrasesIn(db: Db): Place {
  return {
    async count(prefix) {
      const { count } = await db
        .selectFrom('api_key')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('sealed_passphrase', '!=', '')
        .where('sealed_passphrase', 'not like', prefix)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    async next(prefix) {
      const rows = await db
        .selectFrom('api_key')
        .select(['id', 'sealed_passphrase'])
        .where('sealed_passphrase', '!=', '')
        .where('sealed_passphrase', 'not like', prefix)
        .limit(AT_ONCE)
        .execute()
      return rows.map(({ id, sealed_passphrase }) => ({ id, owner: id, sealed: sealed_passphrase }))
    },
    replace: async (id, from, to) =>
      void (await db
        .updateTable('api_key')
        .set({ sealed_passphrase: to })
        .where('id', '=', id)
        .where('sealed_passphrase', '=', from)
        .execute()),
  }
}

/** Comes last: while it is there, the old master key is still wanted at the start. */
function canaryIn(db: Db): Place {
  const next: Place['next'] = async prefix => {
    const rows = await db.selectFrom('setting').selectAll().where('name', '=', CANARY).where('value', 'not like', prefix).execute()
    return rows.map(({ name, value }) => ({ id: name, owner: name, sealed: value }))
  }
  return {
    next,
    count: async prefix => (await next(prefix)).length,
    replace: async (id, from, to) =>
      void (await db.updateTable('setting').set({ value: to }).where('name', '=', id).where('value', '=', from).execute()),
  }
}
