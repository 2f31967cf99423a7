import { openKeyService } from '@countersign/server'

const ACTOR = { name: 'bench', address: '' }

/**
 * A key store with one organisation and a key of each scheme.
 *
 * @param {string} store where the file is to be
 * @param {readonly import('countersign').Scheme[]} schemes
 * @returns the credentials of each key, in the order of the schemes
 */
export async function createStore(store, schemes) {
  const service = await openKeyService({ store })
  await service.administrators.createOrganisation(ACTOR, { id: 'bench', name: 'Bench', kind: 'organisation' })
  const credentials = []
  for (const { name } of schemes) {
    const { key, secret } = await service.keys.create(ACTOR, 'bench', { name, scheme: name })
    credentials.push({ keyId: key.id, secret })
  }
  await service.close()
  return credentials
}
