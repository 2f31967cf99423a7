import { useState } from 'preact/hooks'

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly error?: string | undefined
  readonly hint?: string | undefined
  readonly placeholder?: string | undefined
  readonly kind?: 'text' | 'secret' | 'area' | undefined
  readonly rows?: number | undefined
}

/** A labelled field; what is wrong with it stands below it and is read out with it. */
export function Field({ name, label, value, onChange, error, hint, placeholder, kind = 'text', rows = 5 }: FieldProps) {
  const [isShown, show] = useState(false)
  const note = error ?? hint
  const common = {
    id: name,
    name,
    value,
    placeholder,
    spellcheck: false,
    autocomplete: 'off',
    'aria-invalid': error !== undefined,
    'aria-describedby': note === undefined ? undefined : `${name}-note`,
    onInput: (event: Event) => onChange((event.currentTarget as HTMLInputElement | HTMLTextAreaElement).value),
  }
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {kind === 'area' ? (
        <textarea {...common} rows={rows} />
      ) : (
        <div class="with-button">
          {kind === 'secret' && !isShown ? <input {...common} type="password" /> : <input {...common} type="text" />}
          {kind === 'secret' && (
            <button type="button" class="small" aria-pressed={isShown} onClick={() => show(!isShown)}>
              {isShown ? 'Hide' : 'Show'}
              <span class="unseen"> {label}</span>
            </button>
          )}
        </div>
      )}
      {note !== undefined && (
        <p id={`${name}-note`} class={error === undefined ? 'hint' : 'error'}>
          {note}
        </p>
      )}
    </div>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly options: readonly string[]
  /** What an option is called. Default: what it is. */
  readonly nameOf?: ((option: string) => string) | undefined
  readonly onChange: (value: string) => void
  readonly hint?: string | undefined
}

export function Choice({ name, label, value, options, nameOf, onChange, hint }: ChoiceProps) {
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <select
        id={name}
        name={name}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${name}-note`}
        onChange={event => onChange(event.currentTarget.value)}
      >
        {options.map(option => (
          <option key={option} value={option}>
            {nameOf?.(option) ?? option}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p id={`${name}-note`} class="hint">
          {hint}
        </p>
      )}
    </div>
  )
}
