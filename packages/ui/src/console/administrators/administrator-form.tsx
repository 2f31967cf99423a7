import type { OrganisationView, Role } from '@countersign/server'
import { useState } from 'preact/hooks'
import { Choice, Field } from '../../parts/field.tsx'
import type { Api, ShownToken } from '../api.ts'
import { organisationName } from '../choices/choices.ts'
import { Form, missingText, useSending } from '../frame/form.tsx'

interface AdministratorFormProps {
  readonly api: Api
  readonly isOperator: boolean
  readonly organisations: readonly OrganisationView[]
  readonly onMade: (shown: ShownToken) => void
  readonly onCancel: () => void
}

const DAY_MS = 86_400_000
/** In days; undefined: never, which only an operator can give. */
const ENDS: { readonly [label: string]: number | undefined } = {
  'in 90 days': 90,
  'in a week': 7,
  'in 30 days': 30,
  'in a year': 365,
  never: undefined,
}
const ALL = 'all'

export function AdministratorForm({ api, isOperator, organisations, onMade, onCancel }: AdministratorFormProps) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('admin')
  const [organisation, setOrganisation] = useState(organisations[0]?.id ?? ALL)
  const [ends, setEnds] = useState('in 90 days')
  const roles: readonly Role[] = isOperator ? ['admin', 'auditor', 'operator'] : ['admin', 'auditor']
  const sending = useSending(async () => {
    const days = ENDS[ends]
    const given = {
      name,
      role,
      expiresAt: days === undefined ? null : new Date(Date.now() + days * DAY_MS).toISOString(),
      ...(isOperator && role !== 'operator' && organisation !== ALL ? { organisationId: organisation } : {}),
    }
    onMade(await api.createAdministrator(given))
  })
  return (
    <Form
      title="New administrator"
      sending={sending}
      act="Create the administrator"
      missing={missingText(name.trim() === '' ? ['a name'] : [])}
      isFocused
      onCancel={onCancel}
    >
      <Field name="administrator-name" label="Name" value={name} onChange={setName} />
      <Choice
        name="role"
        label="Role"
        value={role}
        options={roles}
        onChange={chosen => setRole(roles.find(one => one === chosen) ?? 'auditor')}
        hint="An auditor only reads. An operator works in all organisations."
      />
      {isOperator && role !== 'operator' && (
        <Choice
          name="administrator-organisation"
          label="Organisation"
          value={organisation}
          options={[...organisations.map(({ id }) => id), ...(role === 'auditor' ? [ALL] : [])]}
          nameOf={id => (id === ALL ? 'all organisations' : organisationName(organisations, id))}
          onChange={setOrganisation}
        />
      )}
      <Choice
        name="ends"
        label="The token ends"
        value={ends}
        options={Object.keys(ENDS).filter(label => isOperator || label !== 'never')}
        onChange={setEnds}
      />
    </Form>
  )
}
