import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";
import { coldRemainder } from "./cold-remainder.ts";
import { hoursBetween, type Month } from "./month.ts";
import type { ByteKind, StorageUse, TrafficUse } from "./use.ts";

export interface CountedHours {
  /** Of the month, that are over; not from before anything was ever counted. */
  passed: number;
  /** Of those, that were looked at. What lies there in the others is taken for the mean of these. */
  counted: number;
}

export interface MonthUse {
  hours: CountedHours;
  storage: StorageUse[];
  traffic: TrafficUse[];
}

/** What lay there and what went out in a month so far, in one snapshot. @param coldDays Least days in cold storage, by bucket. */
export async function readUse(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  month: Month,
  coldDays: ReadonlyMap<string, number>,
): Promise<MonthUse> {
  return await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (trx) => {
      const hours = await countHours({ db: trx, clock }, month);
      const inMonth = sql`day >= ${month.startsAt.toISOString().slice(0, 10)}::date
        AND day < ${month.endsAt.toISOString().slice(0, 10)}::date`;
      const { rows: held } = await sql<HeldRow>`
        SELECT storage_provider_id AS "providerId", workspace_id AS "workspaceId", kind, storage_class AS "storageClass",
          sum(billed_byte_hours)::text AS "byteHours"
        FROM storage_bytes_days WHERE ${inMonth} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`.execute(trx);
      const { rows: sent } = await sql<SentRow>`
        SELECT storage_provider_id AS "providerId", workspace_id AS "workspaceId", sum(urls_issued)::text AS reads,
          sum(issued_bytes)::text AS bytes, sum(issued_cold_bytes)::text AS cold
        FROM storage_traffic_days WHERE ${inMonth} GROUP BY 1, 2 ORDER BY 1, 2`.execute(trx);
      const { rows: ends } = await sql<EndRow>`
        SELECT storage_provider_id AS "providerId", workspace_id AS "workspaceId", file_size::text AS size,
          archived_at AS "archivedAt", left_at AS "leftAt"
        FROM storage_cold_ends WHERE left_at >= ${month.startsAt} AND left_at < ${month.endsAt}
        ORDER BY left_at, file_storage_id`.execute(trx);
      return {
        hours,
        storage: [
          ...held.map(({ byteHours, ...row }) => ({ ...row, byteHours: fillGaps(BigInt(byteHours), hours) })),
          ...ends.map((row) => toRemainder(row, coldDays.get(row.providerId) ?? 0)),
        ],
        traffic: sent.map(({ bytes, cold, reads, ...row }) => ({
          ...row,
          egressBytes: BigInt(bytes),
          retrievedBytes: BigInt(cold),
          reads: BigInt(reads),
          writes: 0n,
        })),
      };
    });
}

interface HeldRow {
  providerId: string;
  workspaceId: string | null;
  kind: ByteKind;
  storageClass: StorageUse["storageClass"];
  byteHours: string;
}
type SentRow = Pick<HeldRow, "providerId" | "workspaceId"> & { reads: string; bytes: string; cold: string };
type EndRow = Pick<HeldRow, "providerId" | "workspaceId"> & { size: string; archivedAt: Date; leftAt: Date };

async function countHours(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  { startsAt, endsAt }: Month,
): Promise<CountedHours> {
  const { rows } = await sql<{ first: Date | null; last: Date | null; counted: number; now: Date }>`
    SELECT (SELECT min(hour) FROM storage_sample_hours WHERE finished_at IS NOT NULL) AS first,
      max(hour) AS last, count(*)::integer AS counted, date_trunc('hour', ${clock.now()}, 'UTC') AS now
    FROM storage_sample_hours WHERE hour >= ${startsAt} AND hour < ${endsAt} AND finished_at IS NOT NULL`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined || row.first === null) return { passed: 0, counted: 0 };
  // The hour that is not over was counted for all of it.
  const now = row.last !== null && row.last >= row.now ? new Date(row.last.getTime() + 3_600_000) : row.now;
  const from = row.first > startsAt ? row.first : startsAt;
  return { passed: hoursBetween(from, now < endsAt ? now : endsAt), counted: row.counted };
}

function fillGaps(byteHours: bigint, { passed, counted }: CountedHours): bigint {
  return counted === 0 ? 0n : (byteHours * BigInt(Math.max(passed, counted))) / BigInt(counted);
}

function toRemainder(
  { providerId, workspaceId, size, archivedAt, leftAt }: EndRow,
  minimumDays: number,
): StorageUse {
  const byteHours = coldRemainder({ size: Number(size), archivedAt, leftAt }, minimumDays);
  return { providerId, workspaceId, kind: "cold_minimum", storageClass: "cold", byteHours };
}
