import type { Ceilings, OrganisationView } from '@countersign/server'
import type { Api } from '../api.ts'
import { useChoices } from '../choices/choices.ts'
import { ListWithDetails } from '../frame/list-with-details.tsx'
import { Problem } from '../frame/loaded.tsx'
import type { Column } from '../frame/table.tsx'
import { useNavigation } from '../navigation/navigation.tsx'
import { CeilingsForm } from './ceilings-form.tsx'

const COLUMNS: readonly Column<OrganisationView>[] = [{ title: 'Ceilings', cell: ({ ceilings }) => textOf(ceilings) }]

/** The organisations, and what the keys and administrators of each may be at most. */
export function OrganisationsView({ api, mayChange }: { readonly api: Api; readonly mayChange: boolean }) {
  const { id } = useNavigation().place
  const choices = useChoices(api)
  const chosen = choices.value?.organisations.find(one => one.id === id)
  const changed = (ceilings: Ceilings): void =>
    choices.change(known => ({ ...known, organisations: known.organisations.map(one => (one.id === id ? { ...one, ceilings } : one)) }))
  return (
    <ListWithDetails
      view="Organisations"
      one="Organisation"
      list={choices}
      rowsOf={({ organisations }) => organisations}
      columns={COLUMNS}
      empty="There are no organisations that you may see."
      nothing="Choose an organisation to see what its keys and administrators may be at most."
    >
      {choices.value !== undefined &&
        (chosen === undefined ? (
          <Problem text={`There is no organisation ${id}.`} />
        ) : (
          <CeilingsForm key={id} api={api} organisation={chosen} choices={choices.value} mayChange={mayChange} onChanged={changed} />
        ))}
    </ListWithDetails>
  )
}

function textOf({ permissions, schemes, addresses, maxKeys, maxAdministrators }: Ceilings): string {
  const listed = (what: string, names: readonly string[] | undefined): string =>
    names === undefined ? '' : `${what}: ${names.join(', ') || 'none'}`
  const parts = [
    listed('permissions', permissions),
    listed('schemes', schemes),
    listed('addresses', addresses),
    maxKeys === undefined ? '' : `${maxKeys} keys`,
    maxAdministrators === undefined ? '' : `${maxAdministrators} administrators`,
  ].filter(text => text !== '')
  return parts.join('; ') || 'none'
}
