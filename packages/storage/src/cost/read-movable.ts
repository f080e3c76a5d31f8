import type { WhatIfQuery } from "@audiotricks/protocol/costs";
import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";
import type { BilledProvider } from "./bill-of-month.ts";
import type { Price } from "./price.ts";
import type { Movable } from "./what-if.ts";

type Place = Omit<BilledProvider, "price"> & { price: Price | undefined };

interface MovableRow {
  id: string;
  files: number;
  held: string;
  moved: string;
  fetched: string;
  remainder: string;
}

/**
 * What of each bucket a rule would move: files that are done and that not everybody may read, since what is cold has no CDN. Reads every row
 * of the files once, in one statement.
 */
export async function readMovable(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  { olderThanDays, notFetchedForDays, kind }: WhatIfQuery,
  places: readonly Place[],
): Promise<(Movable & { provider: Place })[]> {
  const priced = places.map(({ id, price }) => ({
    id,
    minimum: price?.minimumObjectSize ?? 0,
    cold_days: price?.cold?.minimumDays ?? 0,
  }));
  const daysAgo = (days: number | undefined) => clock.in(-(days ?? 0) * 86_400_000);
  const { rows } = await sql<MovableRow>`
    WITH places AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(priced)}::jsonb) AS p (id uuid, minimum bigint, cold_days integer)
    ), files AS (
      SELECT f.storage_provider_id, greatest(f.file_size, p.minimum) AS size, f.last_accessed_at,
        CASE WHEN f.expires_at IS NOT NULL THEN greatest(0, extract(epoch FROM
          ${clock.now()} + make_interval(days => p.cold_days) - greatest(f.expires_at, ${clock.now()})) / 3600) END AS hours_short,
        f.status IN ('stored', 'processed') AND f.access_level <> 'public'
          AND coalesce(f.stored_at, f.created_at) <= ${daysAgo(olderThanDays)}
          AND coalesce(f.last_accessed_at, f.stored_at, f.created_at) <= ${daysAgo(notFetchedForDays)}
          AND (${kind ?? null}::text IS NULL OR f.content_type = ${kind ?? null}) AS moves
      FROM file_storage f JOIN places p ON p.id = f.storage_provider_id
      WHERE is_counted_file(f.status) AND f.status NOT IN ('archived', 'recalling')
    )
    SELECT storage_provider_id AS id, count(*) FILTER (WHERE moves)::integer AS files, sum(size)::text AS held,
      coalesce(sum(size) FILTER (WHERE moves), 0)::text AS moved,
      coalesce(sum(size) FILTER (WHERE moves AND last_accessed_at > ${daysAgo(30)}), 0)::text AS fetched,
      coalesce(sum(size * ceil(hours_short)) FILTER (WHERE moves AND hours_short IS NOT NULL), 0)::numeric(60, 0)::text AS remainder
    FROM files GROUP BY 1 ORDER BY 1`.execute(db);
  return rows.flatMap((row) => {
    const provider = places.find(({ id }) => id === row.id);
    if (provider === undefined) return [];
    return [
      {
        provider,
        files: row.files,
        heldBytes: BigInt(row.held),
        movedBytes: BigInt(row.moved),
        fetchedBytes: BigInt(row.fetched),
        remainderByteHours: BigInt(row.remainder),
      },
    ];
  });
}
