import type { Permission } from '@countersign/server'
import { listOf } from './list-of.ts'

interface PermissionSwitchesProps {
  /** Those that there is a switch for; undefined: any name will do. */
  readonly permissions: readonly Permission[] | undefined
  readonly granted: readonly string[]
  readonly onChange: (granted: readonly string[]) => void
  readonly disabled?: boolean | undefined
  /** Default: Permissions. */
  readonly legend?: string | undefined
}

/** A switch for each permission; all are off unless they were put on. Where there is no list of them, their names. */
export function PermissionSwitches({ permissions, granted, onChange, disabled, legend = 'Permissions' }: PermissionSwitchesProps) {
  if (permissions === undefined)
    return (
      <div class="field">
        <label for="permissions">Permissions</label>
        <input
          id="permissions"
          name="permissions"
          value={granted.join(' ')}
          disabled={disabled}
          aria-describedby="permissions-hint"
          onChange={event => onChange(listOf(event.currentTarget.value))}
        />
        <p class="hint" id="permissions-hint">
          Names, with spaces between them; empty: none.
        </p>
      </div>
    )
  return (
    <fieldset class="switches">
      <legend>{legend}</legend>
      {permissions.length === 0 && <p class="hint">None that can be given.</p>}
      {permissions.map(({ name, title, description }) => {
        const isOn = granted.includes(name)
        return (
          <label key={name} class="check">
            <input
              type="checkbox"
              role="switch"
              checked={isOn}
              aria-checked={isOn}
              disabled={disabled}
              onChange={() => onChange(isOn ? granted.filter(other => other !== name) : [...granted, name])}
            />
            <span>
              <strong>{title}</strong> {title !== name && <code>{name}</code>} <span class="hint">{description}</span>
            </span>
          </label>
        )
      })}
    </fieldset>
  )
}
