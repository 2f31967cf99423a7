import type { KeyView } from '@countersign/server'
import { useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import type { Choices } from '../choices/choices.ts'
import { isGivable, offeredPermissions } from '../choices/offered.ts'
import { PermissionSwitches } from '../choices/permission-switches.tsx'
import { Form, missingText, useSending } from '../frame/form.tsx'
import { changesOf, draftOf, type KeyDraft } from './key-draft.ts'
import { AddressField, NameField, OtherFields } from './key-fields.tsx'

interface ChangeFormProps {
  readonly api: Api
  readonly of: KeyView
  readonly choices: Choices
  readonly mayChange: boolean
  readonly onChanged: (key: KeyView) => void
}

/** What a key may do, and all else that can be changed of it. Nothing changes before it is saved. */
export function ChangeForm({ api, of: key, choices, mayChange, onChanged }: ChangeFormProps) {
  const before = draftOf(key)
  const [edited, setEdited] = useState<Partial<KeyDraft>>({})
  const draft: KeyDraft = { ...before, ...edited }
  const ceilings = choices.organisations.find(one => one.id === key.organisationId)?.ceilings
  const lost = key.permissions.filter(name => !draft.permissions.includes(name) && !isGivable(name, choices.permissions, ceilings))
  const sending = useSending(
    async () => {
      const changed = await api.update(key.id, changesOf(before, draft))
      setEdited({})
      onChanged(changed)
    },
    () =>
      lost.length === 0
        ? undefined
        : {
            text: `Once taken away, ${lost.join(', ')} can't be given back to ${key.name}: keys of this organisation can't have it any more.`,
            yes: 'Take it away',
            no: 'Keep it',
          },
  )
  const change = (part: Partial<KeyDraft>): void => setEdited(known => ({ ...known, ...part }))
  const isChanged = JSON.stringify(draft) !== JSON.stringify(before)
  const undo = (): void => {
    setEdited({})
    sending.clear()
  }
  return (
    <Form
      title={`What ${key.name} may do`}
      sending={sending}
      act={mayChange ? 'Save the changes' : undefined}
      missing={isChanged ? missingText(draft.name.trim() === '' ? ['a name'] : []) : 'Nothing is changed.'}
      cancel="Undo"
      onCancel={isChanged ? undo : undefined}
    >
      <PermissionSwitches
        permissions={offeredPermissions(choices.permissions, ceilings, key.permissions)}
        granted={draft.permissions}
        onChange={permissions => change({ permissions })}
      />
      <details>
        <summary>Name, addresses, expiry and labels</summary>
        <NameField draft={draft} onChange={change} />
        <AddressField draft={draft} onChange={change} ranges={ceilings?.addresses} />
        <OtherFields draft={draft} onChange={change} />
      </details>
    </Form>
  )
}
