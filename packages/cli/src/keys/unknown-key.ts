import type { KeyManager } from './key-manager.ts'

/** How many keys of a name are told. */
const MAX_TOLD = 5

/** Says of an id that there is not, but is the name of keys, which ids those have. */
export function tellingIds(manager: KeyManager): KeyManager {
  async function told<T>(id: string, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'key-unknown')) throw error
      // Whoever may not list keys is told what was told.
      const { keys } = await manager.list({ search: id, limit: 100 }).catch(() => ({ keys: [] }))
      const ids = keys.filter(({ name }) => name === id).map(key => key.id)
      const more = ids.length > MAX_TOLD ? ` and ${ids.length - MAX_TOLD} more` : ''
      const has =
        ids.length === 0 ? 'countersign keys list has the ids.' : `${id} is the name of ${ids.slice(0, MAX_TOLD).join(', ')}${more}.`
      error.message = `${error.message} The id of a key is wanted: ${has}`
      throw error
    }
  }
  return {
    ...manager,
    get: id => told(id, manager.get(id)),
    days: id => told(id, manager.days(id)),
    update: (id, changes) => told(id, manager.update(id, changes)),
    rotate: (id, rotation) => told(id, manager.rotate(id, rotation)),
    set: (id, verb) => told(id, manager.set(id, verb)),
  }
}
