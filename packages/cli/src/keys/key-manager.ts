import type {
  ImportedKey,
  KeyChanges,
  KeyDay,
  KeyPage,
  KeyQuery,
  KeyView,
  MigrationReport,
  NewKey,
  NewSecretQuestion,
  ProposedSecret,
  Rotation,
  ShownKey,
} from '@countersign/server/store'

interface MigrationQuestion {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly days: number
}

/** How many days of a key's use are shown. */
export const SHOWN_DAYS = 30

export type Verb = 'enable' | 'disable' | 'revoke'

/** What the command does with keys, on a store itself or through a server's admin API. */
export interface KeyManager {
  list(query: KeyQuery): Promise<KeyPage>
  get(id: string): Promise<KeyView>
  /** The last days on which a key was used or refused, the oldest first. */
  days(id: string): Promise<readonly KeyDay[]>
  /** An id and a secret that nothing knows yet. */
  propose(question: NewSecretQuestion): Promise<ProposedSecret>
  create(key: NewKey): Promise<ShownKey>
  import(key: ImportedKey): Promise<ShownKey>
  update(id: string, changes: KeyChanges): Promise<KeyView>
  rotate(id: string, rotation: Rotation): Promise<ShownKey>
  set(id: string, verb: Verb): Promise<KeyView>
  /** Which keys still use what is deprecated. */
  migration(question: MigrationQuestion): Promise<MigrationReport>
  /** Set when this made a store, and with it a master key file. */
  readonly madeMasterKeyFile?: string | undefined
  close(): Promise<void>
}
