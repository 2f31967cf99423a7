import type { Scheme } from 'countersign'

/** What somebody wants to do with signed calls. */
export const PURPOSES = ['call', 'protect', 'receive'] as const
export type Purpose = (typeof PURPOSES)[number]

/** All that has to be known before anything is made. */
export interface Answers {
  readonly purpose: Purpose
  readonly scheme: Scheme
  /** What `--scheme` and a profile call it: a name, or the path of a declaration. */
  readonly schemeName: string
  /** The declaration to write for it. */
  readonly schemeFile: SchemeFile | undefined
  /** Of the profile, and of the first key. */
  readonly name: string
  readonly keyId: string | undefined
  /** Left out: one is made up. */
  readonly secret: string | undefined
  readonly passphrase: string | undefined
  /** The API that is protected. */
  readonly upstream: string
  /** Absolute. */
  readonly folder: string
}

export interface SchemeFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
}
