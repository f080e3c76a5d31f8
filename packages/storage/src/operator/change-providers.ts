import { randomUUID } from "node:crypto";
import { type Kysely, sql, type Transaction } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { requireWorkingKey } from "../providers/check-key.ts";
import type { EnvelopeKey } from "../providers/keyring.ts";
import { isSupportedProvider, PROVIDER_LIMITS, providerNameOf } from "../providers/provider-limits.ts";
import { sealSecret } from "../providers/secret-envelope.ts";
import type { SpacesProvider } from "../providers/spaces-provider.ts";
import { normalizeEndpoint } from "../s3/bucket-address.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { OperatorError } from "./operator-error.ts";
import { getRow, requireAllowed, stepDown } from "./provider-row.ts";

export interface NewProvider extends Omit<SpacesProvider, "forcePathStyle" | "twoHosts"> {
  /** By default the vendor whose endpoint it is. */
  name?: string | undefined;
  /** New uploads go there from now on. */
  isPrimary: boolean;
  /** Providers whose files are copied there: then nobody uploads to it, ever. */
  backupOf?: readonly string[] | undefined;
  /** Cheap to keep in and slow or dear to read from: archived files are there, and nobody uploads to it. */
  isCold?: boolean | undefined;
}

export interface NewKey {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface ChangeOptions {
  encryptionKey: EnvelopeKey;
  /** Lets endpoints be plain HTTP, or lead to this machine or a private network. */
  allowInternalEndpoints: boolean;
  /** Whose doing it is: for the audit log, in the transaction of the change. */
  by?: Operator | undefined;
}

/** @throws {OperatorError} `provider_unsupported`, unless it speaks S3. */
export function requireSupported(name: string): void {
  if (isSupportedProvider(name)) return;
  throw new OperatorError(
    "provider_unsupported",
    name === "azure_blob"
      ? "Azure Blob Storage does not speak S3, and there is no adapter for it yet: use a bucket at DigitalOcean Spaces, Amazon S3, Google Cloud Storage (by its S3 interface), or an S3 server of your own."
      : `There is no provider called ${name}: choose one of ${Object.keys(PROVIDER_LIMITS).join(", ")}.`,
  );
}

/**
 * What would keep a bucket from being added, whatever its key may: to be asked before anything is made for it.
 *
 * @throws {OperatorError} `provider_unsupported`, `endpoint_refused`, `provider_exists`.
 */
export async function requireAddable(
  db: Kysely<Database>,
  provider: Pick<NewProvider, "endpoint" | "bucket" | "name" | "cdnEndpoint">,
  { allowInternalEndpoints }: Pick<ChangeOptions, "allowInternalEndpoints">,
): Promise<{ endpoint: string; name: string }> {
  const endpoint = normalizeEndpoint(provider.endpoint);
  const name = provider.name ?? providerNameOf(endpoint);
  requireSupported(name);
  requireAllowed(endpoint, allowInternalEndpoints);
  const { bucket, cdnEndpoint } = provider;
  if (cdnEndpoint !== undefined) requireAllowed(cdnEndpoint, allowInternalEndpoints);
  if ((await findByBucket(db, endpoint, bucket)) !== undefined) throw alreadyThere(endpoint, bucket);
  return { endpoint, name };
}

/** A bucket for copies, reached with the same key. */
export type BackupBucket = Pick<NewProvider, "endpoint" | "region" | "bucket">;

/**
 * Adds a bucket whose key was tried there first; its secret is sealed for its row.
 *
 * @returns Id of its row.
 * @throws {OperatorError} `provider_unsupported`, `endpoint_refused`, `provider_exists`, `key_refused`, and of `backupOf`
 *   `invalid_request`, `provider_not_found`. Nothing is changed then.
 */
export async function addProvider(
  db: Kysely<Database>,
  provider: NewProvider,
  options: ChangeOptions,
): Promise<string> {
  if (provider.backupOf !== undefined) await requireSources(db, provider, provider.backupOf);
  const tried = await tryProvider(db, provider, options);
  await db.transaction().execute((trx) => insertProvider(trx, tried, options));
  return tried.id;
}

/** The same of a bucket and of the one that its files are copied to, each with its own envelope: both are added, or neither. */
export async function addProviderWithBackup(
  db: Kysely<Database>,
  provider: NewProvider,
  backup: BackupBucket,
  options: ChangeOptions,
): Promise<{ id: string; backupId: string }> {
  const tried = await tryProvider(db, provider, options);
  const { accessKeyId, secretAccessKey, name } = provider;
  const key = { accessKeyId, secretAccessKey, name };
  const triedBackup = await tryProvider(
    db,
    { ...key, ...backup, isPrimary: false, backupOf: [tried.id] },
    options,
  );
  await db.transaction().execute(async (trx) => {
    await insertProvider(trx, tried, options);
    await insertProvider(trx, triedBackup, options);
  });
  return { id: tried.id, backupId: triedBackup.id };
}

interface TriedProvider extends NewProvider {
  id: string;
  name: string;
}

async function tryProvider(
  db: Kysely<Database>,
  provider: NewProvider,
  { allowInternalEndpoints }: ChangeOptions,
): Promise<TriedProvider> {
  const { endpoint, name } = await requireAddable(db, provider, { allowInternalEndpoints });
  await requireWorkingKey({ ...provider, endpoint, isPublicOnly: !allowInternalEndpoints });
  return { ...provider, id: randomUUID(), endpoint, name };
}

async function insertProvider(
  trx: Transaction<Database>,
  provider: TriedProvider,
  { encryptionKey, by }: ChangeOptions,
): Promise<void> {
  const { id, name, endpoint, region, bucket, accessKeyId, isPrimary, backupOf } = provider;
  const { cdnEndpoint = null, cdnId = null } = provider;
  const steppedDown = isPrimary ? await stepDown(trx) : undefined;
  const row = await trx
    .insertInto("storage_providers")
    .values({
      id,
      provider_name: name,
      endpoint_url: endpoint,
      region,
      bucket_name: bucket,
      access_key_id: accessKeyId,
      secret_access_key_encrypted: sealSecret(provider.secretAccessKey, id, encryptionKey),
      cdn_endpoint: cdnEndpoint,
      cdn_enabled: cdnEndpoint !== null,
      cdn_id: cdnId,
      is_primary: isPrimary,
      purpose: provider.isCold === true ? "cold" : backupOf === undefined ? "files" : "backup",
    })
    .onConflict((conflict) => conflict.columns(["endpoint_url", "bucket_name"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  // Somebody else added it meanwhile: the primary one stays what it was.
  if (row === undefined) throw alreadyThere(endpoint, bucket);
  if (backupOf !== undefined && backupOf.length > 0)
    await trx
      .insertInto("storage_backups")
      .values(backupOf.map((source) => ({ storage_provider_id: source, backup_provider_id: id })))
      .execute();
  await recordOperator(trx, by, {
    action: "addProvider",
    resourceId: id,
    outcome: "done",
    change: {
      ...(isPrimary && { before: { primary: steppedDown ?? null } }),
      after: {
        name,
        endpoint,
        region,
        bucket,
        accessKeyId,
        isPrimary,
        cdnEndpoint,
        cdnId,
        ...(backupOf && { backupOf }),
        ...(provider.isCold === true && { isCold: true }),
      },
    },
  });
}

/**
 * Puts another key in the place of a bucket's, after it was tried there. Servers take it up within seconds; URLs that were
 * signed with the old key live on, so that key must be left alone until `retireOldKeyAfter`.
 *
 * @throws {OperatorError} `provider_not_found`, `provider_from_environment`, `endpoint_refused`, `key_refused`. Nothing is changed then.
 */
export async function rotateProvider(
  db: Kysely<Database>,
  id: string,
  key: NewKey,
  { encryptionKey, allowInternalEndpoints, by }: ChangeOptions,
): Promise<{ oldAccessKeyId: string; retireOldKeyAfter: Date }> {
  const row = await getRow(db, id);
  requireSupported(row.provider_name);
  if (row.secret_access_key_encrypted === "env:")
    throw new OperatorError(
      "provider_from_environment",
      `The key of bucket ${row.bucket_name} comes from SPACES_KEY and SPACES_SECRET: change those where the servers run, and restart them one after another.`,
    );
  const endpoint = normalizeEndpoint(row.endpoint_url);
  requireAllowed(endpoint, allowInternalEndpoints);
  const { region, bucket_name: bucket } = row;
  await requireWorkingKey({ ...key, endpoint, region, bucket, isPublicOnly: !allowInternalEndpoints });
  const changed = await db.transaction().execute(async (trx) => {
    const found = await trx
      .updateTable("storage_providers")
      .set({
        access_key_id: key.accessKeyId,
        secret_access_key_encrypted: sealSecret(key.secretAccessKey, id, encryptionKey),
      })
      .where("id", "=", id)
      // Of two rotations at once, one is told that it came too late.
      .where("secret_access_key_encrypted", "=", row.secret_access_key_encrypted)
      .returning(sql<Date>`clock_timestamp()`.as("at"))
      .executeTakeFirst();
    if (found === undefined)
      throw new OperatorError(
        "invalid_request",
        `Provider ${id} was changed by somebody else meanwhile: look at it, and try again.`,
      );
    await recordOperator(trx, by, {
      action: "rotateProvider",
      resourceId: id,
      outcome: "done",
      change: { before: { accessKeyId: row.access_key_id }, after: { accessKeyId: key.accessKeyId } },
    });
    return found;
  });
  const lifeMs = Math.max(DEFAULT_SETTINGS.uploadUrlExpiresIn, DEFAULT_SETTINGS.downloadUrlExpiresIn) * 1000;
  return {
    oldAccessKeyId: row.access_key_id,
    retireOldKeyAfter: new Date(changed.at.getTime() + REREAD_MARGIN_MS + lifeMs),
  };
}

/** Servers read a provider's row again after 15 s; a minute covers one that is slow at it. */
const REREAD_MARGIN_MS = 60_000;

/** What is to be copied there are files, and no page or person uploads there. */
async function requireSources(
  db: Kysely<Database>,
  { isPrimary }: NewProvider,
  backupOf: readonly string[],
): Promise<void> {
  if (isPrimary)
    throw new OperatorError(
      "invalid_request",
      "A bucket for backups takes no uploads: it cannot be primary.",
    );
  for (const id of backupOf) {
    const { purpose, bucket_name: name } = await getRow(db, id);
    if (purpose === "backup")
      throw new OperatorError(
        "invalid_request",
        `Bucket ${name} keeps copies itself: name one that files are in.`,
      );
  }
}

function findByBucket(db: Kysely<Database>, endpoint: string, bucket: string) {
  return db
    .selectFrom("storage_providers")
    .select("id")
    .where("endpoint_url", "=", endpoint)
    .where("bucket_name", "=", bucket)
    .executeTakeFirst();
}

function alreadyThere(endpoint: string, bucket: string): OperatorError {
  return new OperatorError(
    "provider_exists",
    `Bucket ${bucket} at ${endpoint} is there already: \`provider rotate\` gives it another key.`,
  );
}
