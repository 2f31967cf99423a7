import type { Ceilings, OrganisationView } from '@countersign/server'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '../../parts/field.tsx'
import type { Api } from '../api.ts'
import type { Choices } from '../choices/choices.ts'
import { listOf } from '../choices/list-of.ts'
import { offeredPermissions } from '../choices/offered.ts'
import { PermissionSwitches } from '../choices/permission-switches.tsx'
import { Form, useSending } from '../frame/form.tsx'

interface CeilingsFormProps {
  readonly api: Api
  readonly organisation: OrganisationView
  readonly choices: Choices
  readonly mayChange: boolean
  readonly onChanged: (ceilings: Ceilings) => void
}

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
  const [exceeding, setExceeding] = useState<readonly string[]>([])
  const sending = useSending(async () => {
    const ceilings = ceilingsOf(draft)
    setExceeding((await api.setCeilings(organisation.id, ceilings)).exceeding)
    onChanged(ceilings)
  })
  const change = (part: Partial<Draft>): void => setDraft(known => ({ ...known, ...part }))
  return (
    <Form title={`Ceilings of ${organisation.name}`} sending={sending} act={mayChange ? 'Set the ceilings' : undefined}>
      <p class="hint">What its keys and administrators may be at most, whoever makes them. Only an operator sets them.</p>
      <Bound
        label="Bound permissions"
        isOn={draft.permissions !== undefined}
        onChange={isOn => change({ permissions: isOn ? [] : undefined })}
      >
        <PermissionSwitches
          permissions={offeredPermissions(choices.permissions, undefined, draft.permissions)}
          granted={draft.permissions ?? []}
          disabled={!mayChange}
          onChange={granted => change({ permissions: granted })}
        />
      </Bound>
      <Bound label="Bound schemes" isOn={draft.schemes !== undefined} onChange={isOn => change({ schemes: isOn ? [] : undefined })}>
        <PermissionSwitches
          legend="Schemes"
          permissions={choices.schemes.map(({ name, title }) => ({ name, title, description: '', opens: [] }))}
          granted={draft.schemes ?? []}
          disabled={!mayChange}
          onChange={chosen => change({ schemes: chosen })}
        />
      </Bound>
      <Bound label="Bound addresses" isOn={draft.addresses !== undefined} onChange={isOn => change({ addresses: isOn ? '' : undefined })}>
        <Field
          name="ceiling-addresses"
          label="Addresses"
          value={draft.addresses ?? ''}
          onChange={addresses => change({ addresses })}
          hint="Ranges such as 10.0.0.0/8, with spaces between them: each key is bound to addresses within them."
        />
      </Bound>
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
      {exceeding.length > 0 && <p>Above a ceiling already, and left as they are until somebody changes them: {exceeding.join(', ')}.</p>}
    </Form>
  )
}

interface BoundProps {
  readonly label: string
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
  readonly children: ComponentChildren
}

/** A ceiling that is there or not; where it is, what it is. */
function Bound({ label, isOn, onChange, children }: BoundProps) {
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={isOn} onChange={event => onChange(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {isOn && <div class="bound">{children}</div>}
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
