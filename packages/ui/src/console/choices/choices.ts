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
