interface Details {
  readonly [name: string]: unknown
}

/** What an entry has beside its columns: each name with its value. What is empty is left out, unless it changed. */
export function Detail({ of }: { readonly of: Details }) {
  const names = Object.keys(of).filter(name => name === 'before' || name === 'after' || !isEmpty(of[name]))
  if (names.length === 0) return null
  return (
    <dl class="detail">
      {names.map(name => {
        const value = of[name]
        return (
          <div key={name}>
            <dt>{name}</dt> <dd>{isRecord(value) && !isEmpty(value) ? <Detail of={value} /> : textOf(value)}</dd>
          </div>
        )
      })}
    </dl>
  )
}

function isRecord(value: unknown): value is Details {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

function textOf(value: unknown): string {
  if (isEmpty(value)) return 'none'
  if (Array.isArray(value) && value.every(one => typeof one !== 'object')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
