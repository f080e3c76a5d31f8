export {
  ACCESS,
  type Access,
  type Action,
  isForAnyone,
  isForUsers,
  type Reach,
  type Route,
  WORKSPACE_ROLES,
} from "./access/access-table.ts";
export { isOperator } from "./access/tenant.ts";
export { acknowledgeAlert } from "./alerts/acknowledge-alert.ts";
export { type AlertRule, type AlertRuleChange, listAlertRules, setAlertRule } from "./alerts/alert-rules.ts";
export { listAlerts } from "./alerts/list-alerts.ts";
export type { AlertReport, ToldAlert } from "./alerts/watch-alerts.ts";
export {
  type ArchiveRule,
  addArchiveRule,
  listArchiveRules,
  removeArchiveRule,
} from "./archive/manage-rules.ts";
export type { AuditEntry } from "./audit/audit-log.ts";
export { listAuditLog } from "./audit/list-audit.ts";
export {
  OPERATOR_ACTIONS,
  type Operator,
  type OperatorAction,
  type OperatorEntry,
  recordOperator,
} from "./audit/operator-audit.ts";
export type { BackupProgress, BackupState } from "./backup/backup-state.ts";
export type { CompareOptions, CompareReport, CopyFinding } from "./backup/compare-backups.ts";
export type { BackupReport, Backups } from "./backup/create-backups.ts";
export type { RestoreScope } from "./backup/find-restorable.ts";
export type { RestoredFile } from "./backup/restore-file.ts";
export type { RestoreOptions, RestoreReport } from "./backup/restore-files.ts";
export type { Cdn } from "./cdn/cdn.ts";
export type { DigitalOceanAccess } from "./cdn/digital-ocean-api.ts";
export { createDigitalOceanCdn } from "./cdn/digital-ocean-cdn.ts";
export { CDN_TTLS, type CdnEndpoint, type CdnTtl, ensureCdnEndpoint } from "./cdn/ensure-cdn-endpoint.ts";
export { setActual } from "./cost/actuals.ts";
export { forecastCostsOf } from "./cost/cost-forecast.ts";
export { reportCostsOf } from "./cost/cost-report.ts";
export { whatIfColdOf } from "./cost/cost-what-if.ts";
export { findPrices as listPrices, type KnownPrice } from "./cost/find-prices.ts";
export type { InvisibleReport } from "./cost/measure-invisible.ts";
export type { Price } from "./cost/price.ts";
export type { SampleReport } from "./cost/sample-storage.ts";
export { setPrice } from "./cost/set-price.ts";
export { createStorage, type StorageOptions } from "./create-storage.ts";
export type { Database } from "./database.ts";
export type { BucketFinding, BucketFindingCode } from "./doctor/bucket-finding.ts";
export { type Examination, examineBucket } from "./doctor/examine-bucket.ts";
export type { StoredDump } from "./dumps/backup-database.ts";
export type { DumpPolicy } from "./dumps/choose-kept.ts";
export type { DatabaseDumps } from "./dumps/database-dumps.ts";
export type { DumpAbout, DumpHeader } from "./dumps/dump-header.ts";
export { DUMPS_PREFIX } from "./dumps/dump-key.ts";
export { type Dump, listOldDumpKeys, type OldDumpKey, readDatabaseFacts } from "./dumps/dump-rows.ts";
export { type DumpSource, pgliteSource } from "./dumps/dump-source.ts";
export { findBackupProvider } from "./dumps/find-backup-provider.ts";
export { type PostgresPlace, pgDumpSource } from "./dumps/pg-dump.ts";
export { runPgRestore } from "./dumps/pg-restore.ts";
export { majorOf } from "./dumps/postgres-program.ts";
export { type FoundDump, withDumpAt } from "./dumps/read-dump-at.ts";
export type { RetainReport } from "./dumps/retain-dumps.ts";
export { type OpenedDump, openDump, sealDump } from "./dumps/sealed-dump.ts";
export { createUserDirectory, type FindUser, type UserDirectoryOptions } from "./identity/find-user.ts";
export {
  addProvider,
  addProviderWithBackup,
  type BackupBucket,
  type NewKey,
  type NewProvider,
  requireAddable,
  requireSupported,
  rotateProvider,
} from "./operator/change-providers.ts";
export { listProviders, type ProviderSummary } from "./operator/list-providers.ts";
export {
  listSessions,
  type SessionSummary,
} from "./operator/list-sessions.ts";
export { listUsage, type Usage, type UsageScope } from "./operator/list-usage.ts";
export { OperatorError, type OperatorErrorCode } from "./operator/operator-error.ts";
export { type RewrapReport, rewrapSecrets } from "./operator/rewrap-secrets.ts";
export { clearQuota, type QuotaChange, setQuota } from "./operator/set-quota.ts";
export { disableProvider, enableProvider } from "./operator/switch-providers.ts";
export {
  type DeadLetter,
  dropDeadLetters,
  listDeadLetters,
  replayDeadLetters,
} from "./outbox/dead-letters.ts";
export {
  createOutboxDelivery,
  type DeliveryReport,
  type OutboxDeliveryOptions,
} from "./outbox/outbox-delivery.ts";
export { purgeOutbox } from "./outbox/purge-outbox.ts";
export { parseWebhookSecrets, type WebhookEndpoint } from "./outbox/webhook-endpoint.ts";
export type { HealthChange } from "./places/look-at-buckets.ts";
export { cancelMove, listMoves, type MoveSummary, startMove } from "./places/manage-moves.ts";
export { type Home, listPlaces, type PlaceSummary, setHome, setStandsIn } from "./places/manage-places.ts";
export type { MoveReport } from "./places/move-files.ts";
export { preparing } from "./preparing-client.ts";
export { lookupPublic } from "./providers/endpoint-host.ts";
export {
  type EnvelopeKey,
  type Keyring,
  parseEnvelopeKey,
  parseKeyring,
  readKeyring,
} from "./providers/keyring.ts";
export { openProviders, type Providers } from "./providers/open-providers.ts";
export {
  type BucketRules,
  type PreparedStep,
  prepareBucket,
  type RefusedStep,
} from "./providers/prepare-bucket.ts";
export type { Provider } from "./providers/provider.ts";
export { PROVIDER_LIMITS, type ProviderLimits } from "./providers/provider-limits.ts";
export { openSecret, sealSecret } from "./providers/secret-envelope.ts";
export { readSpacesProvider, type SpacesProvider } from "./providers/spaces-provider.ts";
export { deleteHeldBack, releaseHeldBack } from "./quarantine/decide-held-back.ts";
export { type HeldBackFile, listHeldBack } from "./quarantine/list-held-back.ts";
export type { DeletionOutcome } from "./reconcile/delete-unknown.ts";
export type {
  CounterFinding,
  Finding,
  FindingKind,
  FoundFile,
  FoundObject,
  HeldFinding,
  ReconcileReport,
} from "./reconcile/finding.ts";
export type { ReconcileOptions } from "./reconcile/reconcile.ts";
export { normalizeEndpoint, takesSubdomains } from "./s3/bucket-address.ts";
export { type Budgets, createBudgets } from "./s3/create-budgets.ts";
export { createPresigner, type Presigner, type PresignerOptions } from "./s3/presign.ts";
export { StoreFailure } from "./s3/s3-failure.ts";
export { CLAMD_STREAM_MAX_LENGTH, type ClamdOptions, createClamd } from "./scan/clamd.ts";
export { readScanPolicy, type ScanPolicy, setScanPolicy } from "./scan/scan-policy.ts";
export {
  type ScannedFile,
  type Scanner,
  ScannerUnavailable,
  type Scanning,
  type ScanVerdict,
} from "./scan/scanner.ts";
export { DEFAULT_SETTINGS, type StorageSettings } from "./settings.ts";
export type * from "./storage.ts";
export { readExpiryHold } from "./sweep/expiry-hold.ts";
export { traceStatements } from "./tracing/trace-statements.ts";
export { listUsageOf } from "./usage/list-usage.ts";
