import type { OrganisationView, Permission } from '@countersign/server'
import type { Api, SchemeView } from '../api.ts'
import { type Loaded, useLoaded } from '../frame/loaded.tsx'

/** What keys can be made with, and the organisations that one may see, with their ceilings. */
export interface Choices {
  readonly permissions: readonly Permission[]
  readonly schemes: readonly SchemeView[]
  readonly organisations: readonly OrganisationView[]
}

export function useChoices(api: Api): Loaded<Choices> {
  return useLoaded(async () => {
    const [permissions, schemes, organisations] = await Promise.all([api.permissions(), api.schemes(), api.organisations()])
    return { permissions, schemes, organisations }
  })
}

/** What an organisation is called; with its id where another one has the same name, and the id where it isn't known. */
export function organisationName(organisations: readonly OrganisationView[], id: string): string {
  const name = organisations.find(one => one.id === id)?.name
  if (name === undefined) return id
  return organisations.some(one => one.id !== id && one.name === name) ? `${name} (${id})` : name
}
