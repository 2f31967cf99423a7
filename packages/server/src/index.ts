export type { Administrators, AdministratorView, OrganisationView, Role } from './admin/administrators.ts'
export { docsPage } from './admin/docs-page.ts'
export { type DescribedApi, type DescribedCall, type OpenApiDocument, openApiOf } from './admin/openapi.ts'
export { apiKeyOf } from './admin/routes/qredo-keys.ts'
export { type Actor, type AuditEntry, readAudit } from './audit/audit-log.ts'
export { type ChainReport, verifyChain } from './audit/verify-chain.ts'
export { ServerError } from './errors.ts'
export type { AccessEntry } from './gateway/access-entry.ts'
export { type GatewayConfig, gatewayConfig } from './gateway/config.ts'
export { GATEWAY_DEFAULTS } from './gateway/defaults.ts'
export { createGateway, type Gateway } from './gateway/gateway.ts'
export type { GatewayOptions } from './gateway/options.ts'
export { readGatewayConfig } from './gateway/read-config.ts'
export type { RouteConfig } from './gateway/routes.ts'
export { type RunningGateway, runGateway } from './gateway/run-gateway.ts'
export { parseJson } from './http/json.ts'
export { CHECK_CONNECTIONS_MS, closeServer, HEADERS_TIMEOUT_MS, listen } from './http/listen.ts'
export { boundPipelining } from './http/pipelining.ts'
export { type QredoError, qredoError } from './http/qredo-error.ts'
export { responseToUpgrade } from './http/upgrade.ts'
export { checkKeyId } from './keys/key-id.ts'
export type { KeyPage } from './keys/key-list.ts'
export { type CachedKeys, type CachedKeysOptions, cachedKeys } from './keys/key-source.ts'
export type { KeyStore } from './keys/key-store.ts'
export { type MigrationQuery, type MigrationReport, migrationReport, type StillUsing } from './keys/migration-report.ts'
export { type Principal, principalOf } from './keys/open-key.ts'
export { compilePermissions, isWithin, type Permission, QREDO_PERMISSIONS, type Required } from './keys/permissions.ts'
export type { ImportedKey, KeyChanges, KeyQuery, KeyView, NewKey, Rotation, ShownKey } from './keys/schemas.ts'
export { type RedisReplayGuard, type RedisReplayGuardOptions, redisReplayGuard } from './replay/redis.ts'
export { createMasterKeyFile, masterKeysFromFile, masterKeysFromText } from './seal/master-keys.ts'
export { type RotationReport, rotateMasterKey } from './seal/rotate-master-key.ts'
export { createSealer, type Sealer } from './seal/sealer.ts'
export { type RunningServer, type ServerOptions, startServer, withConsole } from './server.ts'
export {
  besideStoreAdvice,
  bootstrap,
  ensureOrganisation,
  type KeyService,
  masterKeyFileFor,
  openKeyService,
  type ServiceOptions,
  type StoreLocation,
} from './service.ts'
export { type VerifiedInTurn, verifyInTurn } from './verify-in-turn.ts'
