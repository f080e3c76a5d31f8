import { randomUUID } from "node:crypto";
import { type Kysely, type Selectable, sql } from "kysely";
import { type Clock, createClock } from "../clock.ts";
import type { Database } from "../database.ts";
import type { DatabaseDumps } from "../database-schema.ts";
import { OperatorError } from "../operator/operator-error.ts";
import type { DumpAbout } from "./dump-header.ts";
import { dumpKey } from "./dump-key.ts";

/** A backup of the database, as its row has it. */
export type Dump = Omit<DumpAbout, "deploymentId" | "startedAt"> & {
  providerId: string;
  key: string;
  keyId: string;
  startedAt: Date;
} & DumpState;

export type DumpState =
  | { state: "running" }
  /** Sizes are the object's; `sha256` is not known of one that was found in the bucket. */
  | { state: "stored"; size: number; sha256: string | null; endedAt: Date }
  /** It was stored, and the bucket does not have it as it was. */
  | { state: "missing"; endedAt: Date }
  | { state: "failed"; errorCode: string; endedAt: Date }
  | { state: "deleting" | "deleted"; endedAt: Date };

export interface DumpContext {
  db: Kysely<Database>;
  clock: Clock;
}

const LEASE_MS = 60_000;

export interface DumpClaim {
  id: string;
  token: string;
  key: string;
  about: DumpAbout;
}

/**
 * The row of a dump that is about to be made, and what it will say of itself.
 *
 * @throws {OperatorError} `dump_running`.
 */
export async function claimDump(
  { db, clock }: DumpContext,
  {
    providerId,
    engine,
    keyId,
    asOf,
  }: { providerId: string; engine: DumpAbout["engine"]; keyId: string; asOf: Date | undefined },
): Promise<DumpClaim> {
  const { startedAt: now, ...facts } = await readDatabaseFacts(db, clock);
  const startedAt = asOf ?? now;
  const [id, token] = [randomUUID(), randomUUID()];
  const key = dumpKey(id, startedAt);
  const row = await db
    .insertInto("database_dumps")
    .values({
      id,
      storage_provider_id: providerId,
      object_key: key,
      state: "running",
      engine,
      server_version: facts.serverVersion,
      migration: facts.migration,
      key_id: keyId,
      started_at: startedAt,
      lease_token: token,
      lease_expires_at: clock.in(LEASE_MS),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (row === undefined)
    throw new OperatorError("dump_running", "A backup of the database is under way: let it come to its end.");
  return { id, token, key, about: { id, engine, startedAt: startedAt.toISOString(), ...facts } };
}

/** What a dump says of the database that it is of, and the time there. */
export async function readDatabaseFacts(
  db: Kysely<Database>,
  clock: Clock = createClock(),
): Promise<Pick<DumpAbout, "deploymentId" | "serverVersion" | "migration"> & { startedAt: Date }> {
  const { rows } = await sql<{
    deploymentId: string;
    serverVersion: string;
    migration: string;
    startedAt: Date;
  }>`
    SELECT s.deployment_id AS "deploymentId", current_setting('server_version') AS "serverVersion",
      (SELECT max(m.name) FROM kysely_migration m) AS migration, ${clock.now()} AS "startedAt"
    FROM storage_settings s`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("the database has no settings");
  return row;
}

/** @returns Whether it is still ours. */
export async function renewDump({ db, clock }: DumpContext, { id, token }: DumpClaim): Promise<boolean> {
  const row = await db
    .updateTable("database_dumps")
    .set({ lease_expires_at: clock.in(LEASE_MS) })
    .where("id", "=", id)
    .where("lease_token", "=", token)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** Of one whose object is there as a whole: also where it had been given up meanwhile. */
export async function settleStored(
  { db, clock }: DumpContext,
  id: string,
  { size, sha256 }: { size: number; sha256: string | null },
): Promise<void> {
  await db
    .updateTable("database_dumps")
    .set({ state: "stored", size, sha256, ended_at: clock.now(), error_code: null, ...NO_LEASE })
    .where("id", "=", id)
    .where("state", "in", ["running", "failed"])
    .execute();
}

export async function settleFailed(
  { db, clock }: DumpContext,
  { id, token }: DumpClaim,
  errorCode: string,
): Promise<void> {
  await db
    .updateTable("database_dumps")
    .set({ state: "failed", error_code: errorCode, ended_at: clock.now(), ...NO_LEASE })
    .where("id", "=", id)
    .where("lease_token", "=", token)
    .execute();
}

/** Those whose maker is gone: it may have been killed, or this database is a dump that was being made then. */
export async function giveUpAbandoned({ db, clock }: DumpContext): Promise<void> {
  await db
    .updateTable("database_dumps")
    .set({ state: "failed", error_code: "abandoned", ended_at: clock.now(), ...NO_LEASE })
    .where("state", "=", "running")
    .where("lease_expires_at", "<=", clock.now())
    .execute();
}

const NO_LEASE = { lease_token: null, lease_expires_at: null };

/** Of backups that another key opens than the one that seals now: that key is to be kept for as long as they are. */
export interface OldDumpKey {
  keyId: string;
  dumps: number;
  /** When the last one of them was begun. */
  newestAt: Date;
}

export async function listOldDumpKeys(db: Kysely<Database>, currentKeyId: string): Promise<OldDumpKey[]> {
  const rows = await db
    .selectFrom("database_dumps")
    .select(({ fn }) => [
      "key_id as keyId",
      fn.countAll<number | string>().as("dumps"),
      fn.max("started_at").as("newestAt"),
    ])
    .where("state", "=", "stored")
    .where("key_id", "!=", currentKeyId)
    .groupBy("key_id")
    .orderBy("key_id")
    .execute();
  return rows.map(({ keyId, dumps, newestAt }) => ({ keyId, dumps: Number(dumps), newestAt }));
}

/** How often a lease of `LEASE_MS` is renewed. */
export const RENEW_MS = LEASE_MS / 4;

/** The newest ones first. */
export async function listDumps(
  db: Kysely<Database>,
  { limit, states }: { limit: number; states?: readonly Dump["state"][] },
): Promise<Dump[]> {
  const rows = await db
    .selectFrom("database_dumps")
    .selectAll()
    .$if(states !== undefined, (query) => query.where("state", "in", states ?? []))
    .orderBy("started_at", "desc")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(toDump);
}

function toDump(row: Selectable<DatabaseDumps>): Dump {
  return {
    id: row.id,
    providerId: row.storage_provider_id,
    key: row.object_key,
    engine: row.engine as Dump["engine"],
    serverVersion: row.server_version,
    migration: row.migration,
    keyId: row.key_id,
    startedAt: row.started_at,
    ...toState(row),
  };
}

function toState(row: Selectable<DatabaseDumps>): DumpState {
  const { size, sha256, ended_at, error_code } = row;
  const state = row.state as Dump["state"];
  const endedAt = ended_at ?? row.started_at;
  switch (state) {
    case "running":
      return { state };
    case "stored":
      return { state, size: Number(size), sha256, endedAt };
    case "failed":
      return { state, errorCode: error_code ?? "", endedAt };
    case "missing":
    case "deleting":
    case "deleted":
      return { state, endedAt };
    default:
      return state satisfies never;
  }
}
