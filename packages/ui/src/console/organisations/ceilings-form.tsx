import type { Ceilings, KeyView, OrganisationView } from '@countersign/server'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '../../parts/field.tsx'
import type { Api } from '../api.ts'
import type { Choices } from '../choices/choices.ts'
import { listOf } from '../choices/list-of.ts'
import { offeredPermissions } from '../choices/offered.ts'
import { PermissionSwitches } from '../choices/permission-switches.tsx'
import { Form, useSending } from '../frame/form.tsx'
import { Link } from '../navigation/navigation.tsx'
import { excessOf } from './excess.ts'

interface CeilingsFormProps {
  readonly api: Api
  readonly organisation: OrganisationView
  readonly choices: Choices
  readonly mayChange: boolean
  readonly onChanged: (ceilings: Ceilings) => void
}

/** The keys that were above a ceiling when it was set. */
interface Exceeding {
  readonly keys: readonly KeyView[]
  /** Of all of them: not each is named. */
  readonly count: number
  readonly ceilings: Ceilings
}

/** How many keys are named that are above a ceiling. */
const MAX_NAMED = 20

/** What stands in the form. A list that is undefined has no ceiling; a number that is empty, none either. */
interface Draft {
  readonly permissions: readonly string[] | undefined
  readonly schemes: readonly string[] | undefined
  readonly addresses: string | undefined
  readonly maxKeys: string
  readonly maxAdministrators: string
}

export function CeilingsForm({ api, organisation, choices, mayChange, onChanged }: CeilingsFormProps) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(organisation.ceilings))
  const [exceeding, setExceeding] = useState<Exceeding>()
  const sending = useSending(async () => {
    const ceilings = ceilingsOf(draft)
    const { exceeding: ids } = await api.setCeilings(organisation.id, ceilings)
    onChanged(ceilings)
    const keys = await Promise.all(ids.slice(0, MAX_NAMED).map(id => api.get(id)))
    setExceeding({ keys, count: ids.length, ceilings })
  })
  const change = (part: Partial<Draft>): void => setDraft(known => ({ ...known, ...part }))
  return (
    <Form title={`Ceilings of ${organisation.name}`} sending={sending} act={mayChange ? 'Set the ceilings' : undefined}>
      <p class="hint">The limits of its keys and administrators, whoever creates them. Only an operator sets them.</p>
      <Limit
        label="Limit permissions"
        isOn={draft.permissions !== undefined}
        onChange={isOn => change({ permissions: isOn ? [] : undefined })}
      >
        <PermissionSwitches
          permissions={offeredPermissions(choices.permissions, undefined, draft.permissions)}
          granted={draft.permissions ?? []}
          disabled={!mayChange}
          onChange={granted => change({ permissions: granted })}
        />
      </Limit>
      <Limit label="Limit schemes" isOn={draft.schemes !== undefined} onChange={isOn => change({ schemes: isOn ? [] : undefined })}>
        <PermissionSwitches
          legend="Schemes"
          permissions={choices.schemes.map(({ name, title }) => ({ name, title, description: '', opens: [] }))}
          granted={draft.schemes ?? []}
          disabled={!mayChange}
          onChange={chosen => change({ schemes: chosen })}
        />
      </Limit>
      <Limit label="Limit addresses" isOn={draft.addresses !== undefined} onChange={isOn => change({ addresses: isOn ? '' : undefined })}>
        <Field
          name="ceiling-addresses"
          label="Addresses"
          value={draft.addresses ?? ''}
          onChange={addresses => change({ addresses })}
          hint="Ranges such as 10.0.0.0/8, with spaces between them: each key needs addresses within them."
        />
      </Limit>
      <Field
        name="max-keys"
        label="Keys at most"
        value={draft.maxKeys}
        onChange={maxKeys => change({ maxKeys })}
        hint="Those that are revoked aside; empty: no ceiling."
      />
      <Field
        name="max-administrators"
        label="Administrators at most"
        value={draft.maxAdministrators}
        onChange={maxAdministrators => change({ maxAdministrators })}
        hint="Those whose tokens are good; empty: no ceiling."
      />
      <p class="good" role="status">
        {sending.isDone && 'The ceilings are set.'}
      </p>
      {exceeding !== undefined && exceeding.count > 0 && <KeysAbove of={exceeding} />}
    </Form>
  )
}

function KeysAbove({ of: { keys, count, ceilings } }: { readonly of: Exceeding }) {
  return (
    <section class="above" aria-label="Keys above a ceiling">
      <p>
        {count === 1
          ? 'One key is above a ceiling already. It stays as it is until somebody changes it.'
          : `${count} keys are above a ceiling already. They stay as they are until somebody changes them.`}
      </p>
      <ul>
        {keys.map(key => (
          <li key={key.id}>
            <Link to={{ view: 'Keys', id: key.id }}>{key.name}</Link>: {excessOf(key, ceilings)}
          </li>
        ))}
        {count > keys.length && <li>and {count - keys.length} more</li>}
      </ul>
    </section>
  )
}

interface LimitProps {
  readonly label: string
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
  readonly children: ComponentChildren
}

/** A ceiling that is there or not; where it is, what it is. */
function Limit({ label, isOn, onChange, children }: LimitProps) {
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={isOn} onChange={event => onChange(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {isOn && <div class="limit">{children}</div>}
    </>
  )
}

function draftOf({ permissions, schemes, addresses, maxKeys, maxAdministrators }: Ceilings): Draft {
  return {
    permissions,
    schemes,
    addresses: addresses?.join(' '),
    maxKeys: maxKeys === undefined ? '' : String(maxKeys),
    maxAdministrators: maxAdministrators === undefined ? '' : String(maxAdministrators),
  }
}

/** @throws Error for a number that is none */
function ceilingsOf({ permissions, schemes, addresses, maxKeys, maxAdministrators }: Draft): Ceilings {
  return {
    ...(permissions === undefined ? {} : { permissions: [...permissions] }),
    ...(schemes === undefined ? {} : { schemes: [...schemes] }),
    ...(addresses === undefined ? {} : { addresses: listOf(addresses) }),
    ...numberOf('maxKeys', 'Keys at most', maxKeys),
    ...numberOf('maxAdministrators', 'Administrators at most', maxAdministrators),
  }
}

function numberOf(name: 'maxKeys' | 'maxAdministrators', label: string, text: string): Ceilings {
  const trimmed = text.trim()
  if (trimmed === '') return {}
  if (!/^\d{1,7}$/.test(trimmed)) throw new Error(`${label}: give a whole number, or leave it empty.`)
  return { [name]: Number(trimmed) }
}
