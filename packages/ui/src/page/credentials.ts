import { DEFAULT_SCHEME_NAME, schemeNamed } from 'countersign/schemes'
import { useEffect, useState } from 'preact/hooks'

/** Who signs: shared by both views. */
export interface CredentialValues {
  readonly scheme: string
  readonly keyId: string
  readonly secret: string
  readonly passphrase: string
  readonly privateKey: string
}

export interface CredentialState {
  readonly values: CredentialValues
  readonly set: (change: Partial<CredentialValues>) => void
  /** Whether they are kept until the tab is closed. */
  readonly isKept: boolean
  readonly keep: (isKept: boolean) => void
}

const STORE = 'countersign-credentials'
const EMPTY: CredentialValues = { scheme: DEFAULT_SCHEME_NAME, keyId: '', secret: '', passphrase: '', privateKey: '' }

export function useCredentials(): CredentialState {
  const [values, setValues] = useState(readKept() ?? EMPTY)
  const [isKept, setKept] = useState(readKept() !== undefined)
  useEffect(() => {
    if (isKept) sessionStorage.setItem(STORE, JSON.stringify(values))
    else sessionStorage.removeItem(STORE)
  }, [values, isKept])
  return { values, isKept, keep: setKept, set: change => setValues(old => ({ ...old, ...change })) }
}

function readKept(): CredentialValues | undefined {
  const text = sessionStorage.getItem(STORE)
  if (text === null) return undefined
  try {
    const kept: CredentialValues = { ...EMPTY, ...JSON.parse(text) }
    return schemeNamed(kept.scheme) === undefined ? undefined : kept
  } catch {
    return undefined
  }
}
