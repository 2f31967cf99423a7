import type { AuditEntry } from '@countersign/server'
import { useEffect, useState } from 'preact/hooks'
import { Field } from '../parts/field.tsx'
import { type Api, messageOf } from './api.ts'
import { momentText } from './moments.tsx'

/** Who did what, when and from where; the newest first. */
export function AuditView({ api }: { readonly api: Api }) {
  const [subject, setSubject] = useState('')
  const [entries, setEntries] = useState<readonly AuditEntry[]>([])
  const [next, setNext] = useState<number | null>(null)
  const [error, setError] = useState<string>()
  const load = async (before?: number): Promise<void> => {
    try {
      const page = await api.audit({ subject: subject.trim(), ...(before === undefined ? {} : { before }) })
      setEntries(known => (before === undefined ? page.entries : [...known, ...page.entries]))
      setNext(page.next)
      setError(undefined)
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  useEffect(() => void load(), [subject])
  return (
    <section aria-label="Audit">
      <Field
        name="subject"
        label="Only about"
        value={subject}
        onChange={setSubject}
        placeholder="the id of a key or an administrator"
        error={error}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Audit log">
        <table>
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Of what</th>
              <th scope="col">From</th>
              <th scope="col">More</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ sequence, at, actor, action, subject: of, address, detail }) => (
              <tr key={sequence}>
                <td>{sequence}</td>
                <td>{momentText(new Date(at).toISOString())}</td>
                <td>{actor}</td>
                <td>{action}</td>
                <td>
                  <button type="button" class="link" onClick={() => setSubject(of)}>
                    {of}
                  </button>
                </td>
                <td>{address}</td>
                <td>
                  <code>{Object.keys(detail).length === 0 ? '' : JSON.stringify(detail)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {next !== null && (
        <button type="button" onClick={() => void load(next)}>
          More
        </button>
      )}
    </section>
  )
}
