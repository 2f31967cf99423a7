/** A store of keys, and what works on it: all that a command or a verifier needs, without the servers. */

export type { Administrators, AdministratorView, Role } from './admin/administrators.ts'
export type { OrganisationView } from './admin/organisations.ts'
export type { AuditControl } from './audit/audit-control.ts'
export { type Actor, type AuditEntry, readAudit } from './audit/audit-log.ts'
export { placeText } from './audit/checkpoint.ts'
export type { PruneReport } from './audit/prune.ts'
export type { ChainReport } from './audit/verify-chain.ts'
export { backUpStore, checkPages, restoreStore } from './database/backup.ts'
export { storeName } from './database/store-problem.ts'
export { isPostgres } from './database/store-url.ts'
export { type Waiting, whenThere } from './database/when-there.ts'
export { ServerError } from './errors.ts'
export type { Ceilings } from './keys/ceilings.ts'
export { readKeyDays } from './keys/key-days.ts'
export { checkKeyId } from './keys/key-id.ts'
export type { KeyPage } from './keys/key-list.ts'
export { type CachedKeys, type CachedKeysOptions, cachedKeys } from './keys/key-source.ts'
export type { KeyStore } from './keys/key-store.ts'
export { type MigrationQuery, type MigrationReport, migrationReport, type StillUsing } from './keys/migration-report.ts'
export { newPassphrase, newSecret } from './keys/new-secret.ts'
export { type Principal, principalOf } from './keys/open-key.ts'
export { compilePermissions, isWithin, type Permission, type Required } from './keys/permissions.ts'
export type {
  ImportedKey,
  KeyChanges,
  KeyDay,
  KeyQuery,
  KeyView,
  NewKey,
  NewSecretQuestion,
  ProposedSecret,
  Rotation,
  ShownKey,
} from './keys/schemas.ts'
export { type RotationReport, rotateMasterKey } from './rotation/rotate-master-key.ts'
export { unwrapMasterKeys, wrapMasterKeys } from './rotation/wrap-master-keys.ts'
export { withSchemeFiles } from './schemes/scheme-files.ts'
export { masterKeysOfFile, masterKeysOfText, readTransitKey } from './seal/key-file.ts'
export { createMasterKeyFile } from './seal/master-keys.ts'
export { createSealer, type Sealer } from './seal/sealer.ts'
export {
  type AdminApp,
  besideStoreAdvice,
  bootstrap,
  ensureOrganisation,
  type KeyService,
  masterKeyFileFor,
  openKeyService,
  type ServiceOptions,
  type StoreLocation,
} from './service.ts'
