import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { Sealer } from './sealer.ts'

export const CANARY = 'seal-canary'

const canaryIn = (db: Db) => db.selectFrom('setting').select('value').where('name', '=', CANARY)

/**
 * Refuses to work with a master key that does not belong to this store: a value that was sealed when the store was made
 * has to open.
 *
 * @throws ServerError `master-key-wrong`, `sealed-value-damaged`
 */
async function checkMasterKey(db: Db, sealer: Sealer): Promise<void> {
  const find = canaryIn(db)
  let row = await find.executeTakeFirst()
  if (row === undefined) {
    const value = await sealer.seal(Buffer.from(CANARY), CANARY)
    await db
      .insertInto('setting')
      .values({ name: CANARY, value })
      .onConflict(conflict => conflict.doNothing())
      .execute()
    // Another process may have been first, with another key.
    row = await find.executeTakeFirstOrThrow()
  }
  await sealer.open(row.value, CANARY)
}

/** How long it is remembered whether the value of the start opens: what opens it may be asked over the network. */
const REMEMBERED_MS = 5_000

/** Looks whether a store's secrets can be opened. @throws what keeps them from it; what the store says */
export type SealCheck = () => Promise<void>

/**
 * Opens the value of the start, anew where it was sealed anew.
 *
 * @param age a clock that nobody sets, in milliseconds
 */
export function createSealCheck(db: Db, { open }: Pick<Sealer, 'open'>, age: () => number = () => performance.now()): SealCheck {
  let last: { readonly sealed: string; readonly atMs: number; readonly opened: Promise<unknown> } | undefined
  return async () => {
    const { value } = await canaryIn(db).executeTakeFirstOrThrow()
    if (last?.sealed !== value || age() >= last.atMs + REMEMBERED_MS) last = { sealed: value, atMs: age(), opened: open(value, CANARY) }
    await last.opened
  }
}

/**
 * A sealer that seals by no master key that does not belong to its store, nor by one that was rotated out of it: both
 * are looked at in the transaction that stores what is sealed.
 */
export interface BoundSealer extends Omit<Sealer, 'seal'> {
  /**
   * Before such a transaction: where another master key is in use than before, such as after its file was replaced, the
   * value of the start has to open again. Vault may be asked for it, which takes a while.
   *
   * @throws ServerError `master-key-wrong`, what Vault's client throws
   */
  prepare(): Promise<void>
  /**
   * For a transaction that holds the head of the audit log. A rotation ends in such a transaction too, so what is
   * sealed with the old key is either there by then, and sealed anew, or not sealed at all.
   *
   * @throws ServerError `master-key-wrong`; from its `seal`, `master-key-changed`
   */
  within(transaction: Db): Promise<Sealer>
}

export function boundTo(db: Db, sealer: Sealer): BoundSealer {
  let trusted: string | undefined
  return {
    currentId: sealer.currentId,
    open: sealer.open,
    async prepare() {
      const id = await sealer.currentId()
      if (id === trusted) return
      await checkMasterKey(db, sealer)
      trusted = id
    },
    async within(transaction) {
      const id = await sealer.currentId()
      const { value } = await canaryIn(transaction).executeTakeFirstOrThrow()
      await sealer.open(value, CANARY)
      return {
        ...sealer,
        async seal(plain, owner) {
          if ((await sealer.currentId()) !== id)
            throw new ServerError('master-key-changed', 503, 'The master key was changed just now, and nothing was done: do it again.')
          return sealer.seal(plain, owner)
        },
      }
    },
  }
}
