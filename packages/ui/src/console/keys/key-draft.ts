import type { KeyChanges, KeyView } from '@countersign/server'
import { listOf } from '../choices/list-of.ts'

/** What stands in the fields of a key's form. */
export interface KeyDraft {
  readonly name: string
  readonly permissions: readonly string[]
  readonly fundId: string
  readonly walletId: string
  readonly addresses: string
  /** As a field of date and time has it: local, to the minute. Empty: never. */
  readonly expires: string
  /** `name=value`, one a line. */
  readonly labels: string
}

export const EMPTY_DRAFT: KeyDraft = { name: '', permissions: [], fundId: '', walletId: '', addresses: '', expires: '', labels: '' }

export function draftOf({ name, permissions, fundId, walletId, addresses, expiresAt, labels }: KeyView): KeyDraft {
  const lines = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
  return { name, permissions, fundId, walletId, addresses: addresses.join(' '), expires: localMinute(expiresAt), labels: lines.join('\n') }
}

/**
 * What of a key changes by a draft: only fields that differ, so that what somebody else changes meanwhile stays, and an
 * end keeps its seconds.
 *
 * @throws Error for a label without a name
 */
export function changesOf(before: KeyDraft, after: KeyDraft): KeyChanges {
  const isSame = (field: keyof KeyDraft): boolean => JSON.stringify(before[field]) === JSON.stringify(after[field])
  const { name, permissions, fundId, walletId, addresses, expires, labels } = after
  return {
    ...(isSame('name') ? {} : { name }),
    ...(isSame('permissions') ? {} : { permissions: [...permissions] }),
    ...(isSame('fundId') ? {} : { fundId }),
    ...(isSame('walletId') ? {} : { walletId }),
    ...(isSame('addresses') ? {} : { addresses: listOf(addresses) }),
    ...(isSame('expires') ? {} : { expiresAt: expires === '' ? null : new Date(expires).toISOString() }),
    ...(isSame('labels') ? {} : { labels: labelsOf(labels) }),
  }
}

function labelsOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return Object.fromEntries(
    lines.map(line => {
      const at = line.indexOf('=')
      if (at < 1) throw new Error(`Labels: write ${line.trim()} as name=value.`)
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )
}

function localMinute(moment: string | null): string {
  if (moment === null) return ''
  const at = new Date(moment)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
