import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** What is on a bill without a file that it is for, and is found by looking through the bucket. */
export type InvisibleKind = "incomplete_parts" | "old_versions";

export interface Tally {
  bytes: number;
  /** The same as they are paid for. */
  billedBytes: number;
  objects: number;
}

export interface Place {
  key: string;
  id: string;
}

/** How far a look is: another worker goes on from here. */
export interface InvisiblePass extends Tally {
  after: Place;
}

export async function openPass(
  db: Kysely<Database>,
  providerId: string,
  kind: InvisibleKind,
): Promise<InvisiblePass> {
  const row = await db
    .selectFrom("storage_invisible_progress")
    .selectAll()
    .where("storage_provider_id", "=", providerId)
    .where("kind", "=", kind)
    .executeTakeFirst();
  return {
    after: { key: row?.after_key ?? "", id: row?.after_id ?? "" },
    bytes: Number(row?.bytes ?? 0),
    billedBytes: Number(row?.billed_bytes ?? 0),
    objects: Number(row?.objects ?? 0),
  };
}

export async function savePass(
  db: Kysely<Database>,
  providerId: string,
  kind: InvisibleKind,
  { after, bytes, billedBytes, objects }: InvisiblePass,
): Promise<void> {
  // A key in the bucket may hold a NUL, a text in the database cannot.
  const change = {
    after_key: after.key.replace(/\0.*/s, ""),
    after_id: after.id,
    bytes,
    billed_bytes: billedBytes,
    objects,
  };
  await db
    .insertInto("storage_invisible_progress")
    .values({ storage_provider_id: providerId, kind, ...change })
    .onConflict((conflict) => conflict.columns(["storage_provider_id", "kind"]).doUpdateSet(change))
    .execute();
}

/** The look is over: what it found is what there is, until the next one. */
export async function closePass(
  db: Kysely<Database>,
  providerId: string,
  kind: InvisibleKind | "orphans" | "copies",
  { bytes, billedBytes, objects }: Tally,
): Promise<void> {
  await sql`
    WITH over AS (
      DELETE FROM storage_invisible_progress WHERE storage_provider_id = ${providerId} AND kind = ${kind}
    )
    INSERT INTO storage_invisible_bytes (storage_provider_id, kind, bytes, billed_bytes, objects, measured_at)
    VALUES (${providerId}, ${kind}, ${bytes}, ${billedBytes}, ${objects}, now())
    ON CONFLICT (storage_provider_id, kind) DO UPDATE SET bytes = excluded.bytes, billed_bytes = excluded.billed_bytes,
      objects = excluded.objects, measured_at = excluded.measured_at`.execute(db);
}
