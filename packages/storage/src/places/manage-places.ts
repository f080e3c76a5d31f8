import { type Kysely, sql, type Transaction } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { OperatorError } from "../operator/operator-error.ts";

/** A bucket as a place for uploads. */
export interface PlaceSummary {
  providerId: string;
  region: string;
  bucket: string;
  endpoint: string;
  isPrimary: boolean;
  isActive: boolean;
  /** Takes uploads that are at home nowhere, and those of others that are down. */
  standsIn: boolean;
  /** `unknown`: nobody has looked of late. */
  health: "up" | "down" | "unknown";
  /** Of the health, where it is known. */
  since: Date | null;
  cause: string | null;
  latencyMs: number | null;
  /** Workspaces that are at home there. */
  workspaces: number;
}

export async function listPlaces(db: Kysely<Database>): Promise<PlaceSummary[]> {
  const rows = await db
    .selectFrom("storage_providers as p")
    .leftJoin("provider_health as h", "h.storage_provider_id", "p.id")
    .select([
      "p.id",
      "p.region",
      "p.bucket_name",
      "p.endpoint_url",
      "p.is_primary",
      "p.is_active",
      "p.stands_in",
    ])
    .select(["h.state", "h.since", "h.cause", "h.latency_ms"])
    .select(sql<boolean>`coalesce(h.told_at > now() - interval '2 minutes', false)`.as("is_known"))
    .select((eb) =>
      eb
        .selectFrom("storage_homes as s")
        .select(sql<number>`count(*)::integer`.as("count"))
        .whereRef("s.storage_provider_id", "=", "p.id")
        .as("workspaces"),
    )
    .where("p.purpose", "=", "files")
    .orderBy("p.is_primary", "desc")
    .orderBy("p.created_at")
    .orderBy("p.id")
    .execute();
  return rows.map((row) => ({
    providerId: row.id,
    region: row.region,
    bucket: row.bucket_name,
    endpoint: row.endpoint_url,
    isPrimary: row.is_primary,
    isActive: row.is_active,
    standsIn: row.stands_in,
    health: row.is_known ? (row.state === "down" ? "down" : "up") : "unknown",
    since: row.is_known ? row.since : null,
    cause: row.is_known ? row.cause : null,
    latencyMs: row.is_known ? row.latency_ms : null,
    workspaces: row.workspaces ?? 0,
  }));
}

/** @throws {OperatorError} `provider_not_found`, `provider_disabled`. */
export async function setStandsIn(
  db: Kysely<Database>,
  providerId: string,
  standsIn: boolean,
  by?: Operator,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom("storage_providers")
      .select(["stands_in", "is_active", "purpose"])
      .where("id", "=", providerId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw notFound(providerId);
    if (row.purpose !== "files") throw keepsCopies(providerId);
    if (standsIn && !row.is_active) throw disabled(providerId);
    await trx
      .updateTable("storage_providers")
      .set({ stands_in: standsIn })
      .where("id", "=", providerId)
      .execute();
    await recordOperator(trx, by, {
      action: "setStandsIn",
      resourceId: providerId,
      outcome: "done",
      change: { before: { standsIn: row.stands_in }, after: { standsIn } },
    });
  });
}

export interface Home {
  providerId: string;
  /** New uploads go to a bucket that stands in while the home is down, or wait for it. */
  whileDown: "elsewhere" | "wait";
}

/**
 * New uploads to a workspace go there from now on; files that it has stay where they are. `null`: to wherever uploads go.
 *
 * @throws {OperatorError} `workspace_not_found`, `provider_not_found`, `provider_disabled`.
 */
export async function setHome(
  db: Kysely<Database>,
  workspaceId: string,
  home: Home | null,
  by?: Operator,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const before = await setHomeIn(trx, workspaceId, home);
    await recordOperator(trx, by, {
      action: "setHome",
      resourceId: workspaceId,
      outcome: "done",
      change: { before: before ?? null, after: home },
    });
  });
}

/** @returns What it was before. */
export async function setHomeIn(
  trx: Transaction<Database>,
  workspaceId: string,
  home: Home | null,
): Promise<{ providerId: string; whileDown: string } | undefined> {
  const workspace = await trx
    .selectFrom("workspaces")
    .select("id")
    .where("id", "=", workspaceId)
    .forKeyShare()
    .executeTakeFirst();
  if (workspace === undefined)
    throw new OperatorError("workspace_not_found", `There is no workspace ${workspaceId}.`);
  if (home !== null) await requireTakesUploads(trx, home.providerId);
  const before = await trx
    .selectFrom("storage_homes")
    .select(["storage_provider_id as providerId", "while_down as whileDown"])
    .where("workspace_id", "=", workspaceId)
    .forUpdate()
    .executeTakeFirst();
  if (home === null) await trx.deleteFrom("storage_homes").where("workspace_id", "=", workspaceId).execute();
  else {
    const row = { storage_provider_id: home.providerId, while_down: home.whileDown };
    await trx
      .insertInto("storage_homes")
      .values({ workspace_id: workspaceId, ...row })
      .onConflict((conflict) => conflict.column("workspace_id").doUpdateSet({ ...row, set_at: sql`now()` }))
      .execute();
  }
  return before;
}

async function requireTakesUploads(trx: Transaction<Database>, providerId: string): Promise<void> {
  const provider = await trx
    .selectFrom("storage_providers")
    .select(["is_active", "purpose"])
    .where("id", "=", providerId)
    .forShare()
    .executeTakeFirst();
  if (provider === undefined) throw notFound(providerId);
  if (provider.purpose !== "files") throw keepsCopies(providerId);
  if (!provider.is_active) throw disabled(providerId);
}

function notFound(id: string): OperatorError {
  return new OperatorError(
    "provider_not_found",
    `There is no storage provider ${id}: see \`provider list\`.`,
  );
}

function keepsCopies(id: string): OperatorError {
  return new OperatorError("invalid_request", `Storage provider ${id} keeps copies: no uploads go there.`);
}

function disabled(id: string): OperatorError {
  return new OperatorError("provider_disabled", `Storage provider ${id} is disabled: no uploads go there.`);
}
