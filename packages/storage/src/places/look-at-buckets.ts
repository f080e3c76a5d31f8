import { sql } from "kysely";
import { mapConcurrently } from "../concurrency.ts";
import { headBucket } from "../s3/objects.ts";
import { StoreFailure } from "../s3/s3-failure.ts";
import type { StorageContext } from "../storage-context.ts";
import { type Health, type Look, nextHealth } from "./health.ts";

/** A bucket that went down, or came back. */
export interface HealthChange {
  providerId: string;
  bucket: string;
  region: string;
  state: "up" | "down";
  /** Of `down`: what it said, or did not. */
  cause: string | null;
}

/** How often each bucket is looked at, by whichever server comes first. */
const LOOK_EVERY_MS = 10_000;
const PATIENCE_MS = 5_000;
const AT_ONCE = 8;

/**
 * Looks whether each bucket that takes uploads, or has files, answers, and writes down what that says of its health. Safe at any time, by any number of
 * callers: each bucket has its turn with one of them.
 *
 * @returns The buckets whose state has changed by this.
 */
export async function lookAtBuckets(context: StorageContext): Promise<HealthChange[]> {
  const claimed = await claim(context);
  const changes = await mapConcurrently(claimed, AT_ONCE, async (bucket) => {
    const begun = performance.now();
    const look = await lookAt(context, bucket.providerId);
    const latencyMs = look.isFine ? Math.round(performance.now() - begun) : null;
    return await write(context, bucket, look, latencyMs);
  });
  return changes.filter((change) => change !== undefined);
}

interface Claimed extends Omit<HealthChange, "state" | "cause"> {
  health: Health;
  /** The database's clock, in milliseconds. */
  at: number;
}

async function claim({ db, clock }: StorageContext): Promise<Claimed[]> {
  await sql`
    INSERT INTO provider_health (storage_provider_id)
    SELECT p.id FROM storage_providers p WHERE p.is_active
    ON CONFLICT DO NOTHING`.execute(db);
  const { rows } = await sql<{
    id: string;
    bucket: string;
    region: string;
    state: Health["state"];
    against: number;
    against_since_ms: number | null;
    at_ms: number;
  }>`
    UPDATE provider_health h SET looked_at = ${clock.now()}
    FROM storage_providers p
    WHERE p.id = h.storage_provider_id AND h.storage_provider_id IN (
      SELECT d.storage_provider_id FROM provider_health d
      JOIN storage_providers a ON a.id = d.storage_provider_id AND a.is_active
      WHERE d.looked_at <= ${clock.in(-LOOK_EVERY_MS)} OR d.looked_at > ${clock.in(LOOK_EVERY_MS)}
      ORDER BY d.looked_at
      LIMIT 100
      FOR UPDATE OF d SKIP LOCKED)
    RETURNING p.id, p.bucket_name AS bucket, p.region, h.state, h.against,
      (extract(epoch FROM h.against_since) * 1000)::double precision AS against_since_ms,
      (extract(epoch FROM h.looked_at) * 1000)::double precision AS at_ms`.execute(db);
  return rows.map(({ id, bucket, region, state, against, against_since_ms, at_ms }) => ({
    providerId: id,
    bucket,
    region,
    at: at_ms,
    health: { state, against, againstSince: against_since_ms ?? undefined },
  }));
}

async function lookAt({ stores }: StorageContext, providerId: string): Promise<Look> {
  try {
    const { s3, recentCalls } = await stores.of(providerId);
    const patience = AbortSignal.timeout(PATIENCE_MS);
    await Promise.race([
      headBucket({ ...s3, client: s3.onceClient, signal: patience }),
      new Promise((_, reject) =>
        patience.addEventListener("abort", () => reject(new Error("no answer in time"))),
      ),
    ]);
    const trouble = recentCalls.findTrouble();
    return trouble === undefined ? { isFine: true } : { isFine: false, cause: trouble };
  } catch (error) {
    // A key that may not look at the bucket, as a limited one, has had an answer all the same.
    const failure = error instanceof Error ? error.cause : undefined;
    if (failure instanceof StoreFailure && failure.status !== undefined && failure.status < 500)
      return { isFine: true };
    return { isFine: false, cause: describe(error) };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  return error.cause instanceof StoreFailure ? error.cause.message : error.message;
}

/** Unless somebody else has looked since. */
async function write(
  { db, clock }: StorageContext,
  { providerId, bucket, region, health, at }: Claimed,
  look: Look,
  latencyMs: number | null,
): Promise<HealthChange | undefined> {
  const next = nextHealth(health, look, at);
  const cause = look.isFine ? null : look.cause.slice(0, 500);
  const hasChanged = next.state !== health.state;
  const toTime = (ms: number | undefined) =>
    ms === undefined ? sql<null>`NULL` : sql<Date>`to_timestamp(${ms / 1000}::double precision)`;
  const { rows } = await sql<{ id: string }>`
    UPDATE provider_health SET state = ${next.state}, against = ${next.against}, against_since = ${toTime(next.againstSince)},
      told_at = ${clock.now()}, cause = ${next.state === "down" || next.against > 0 ? cause : null}, latency_ms = ${latencyMs}::integer,
      since = CASE WHEN ${hasChanged}::boolean THEN ${clock.now()} ELSE since END
    WHERE storage_provider_id = ${providerId}::uuid
      AND (extract(epoch FROM looked_at) * 1000)::double precision = ${at}::double precision AND state = ${health.state}
    RETURNING storage_provider_id AS id`.execute(db);
  return hasChanged && rows.length > 0 ? { providerId, bucket, region, state: next.state, cause } : undefined;
}
