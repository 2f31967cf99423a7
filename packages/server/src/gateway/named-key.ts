import { ServerError } from '../errors.ts'
import type { KeyService } from '../service.ts'

/** Whether the key that a route names is there, for one of its schemes. @throws ServerError `route-invalid` */
export async function checkNamedKey(service: KeyService, path: string, id: string | undefined, schemes: readonly string[]): Promise<void> {
  if (id === undefined) return
  const key = await service.source.find(id)
  if (key === undefined || !schemes.includes(key.schemeName))
    throw new ServerError(
      'route-invalid',
      400,
      `The route ${path} names the key ${id}, ${key === undefined ? 'which is not in the store' : `which is for ${key.schemeName}`}: countersign keys list shows those that there are.`,
    )
}
