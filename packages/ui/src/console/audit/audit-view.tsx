import type { AuditEntry } from '@countersign/server'
import { Field } from '../../parts/field.tsx'
import type { Api, AuditPage } from '../api.ts'
import { SEARCH_DELAY_MS, Show, useLoaded } from '../frame/loaded.tsx'
import { exactMomentText } from '../frame/moments.tsx'
import { type Column, Table } from '../frame/table.tsx'
import { useNavigation } from '../navigation/navigation.tsx'
import { usePageTitle } from '../navigation/page-title.ts'
import { Detail } from './detail.tsx'

/** Who did what, when and from where; the newest first. */
export function AuditView({ api }: { readonly api: Api }) {
  const { place, go, narrow } = useNavigation()
  const about = place.filter?.about ?? ''
  usePageTitle(...(about === '' ? [] : [about]), 'Audit')
  const log = useLoaded(() => api.audit({ subject: about.trim() }), [about], SEARCH_DELAY_MS)
  const more = async (before: number): Promise<AuditPage> => {
    const page = await api.audit({ subject: about.trim(), before })
    return { ...page, entries: [...(log.value?.entries ?? []), ...page.entries] }
  }
  const columns: readonly Column<AuditEntry>[] = [
    { title: '#', cell: ({ sequence }) => sequence },
    { title: 'When', cell: ({ at }) => exactMomentText(at) },
    { title: 'Who', cell: ({ actor }) => actor },
    { title: 'What', cell: ({ action }) => action },
    {
      title: 'Target',
      cell: ({ subject: of }) =>
        of !== '' && (
          <button type="button" class="link id" onClick={() => go({ view: 'Audit', filter: { about: of } })}>
            {of}
          </button>
        ),
    },
    { title: 'From', cell: ({ address }) => address },
    { title: 'Details', cell: ({ detail }) => <Detail of={detail} /> },
  ]
  return (
    <section aria-label="Audit">
      <Field
        name="subject"
        label="Only about"
        value={about}
        onChange={text => narrow({ about: text })}
        placeholder="the id of a key or an administrator"
      />
      <Show of={log}>
        {({ entries, next }) => (
          <>
            <Table label="Audit log" columns={columns} rows={entries} keyOf={({ sequence }) => sequence} />
            {next !== null && (
              <button type="button" onClick={() => void log.take(() => more(next))}>
                More
              </button>
            )}
          </>
        )}
      </Show>
    </section>
  )
}
