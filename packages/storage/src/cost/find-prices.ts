import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { Price } from "./price.ts";
import { PRICE_LIST } from "./price-list.ts";

/** A price, and whether somebody here has said so. */
export type KnownPrice = Price & { isOwn: boolean };

/** All that are known. A row goes before the list for its region and its months, and a later one before an earlier one. */
export async function findPrices(db: Kysely<Database>): Promise<KnownPrice[]> {
  const rows = await db
    .selectFrom("storage_prices")
    .selectAll()
    .select([
      sql<string>`to_char(from_month, 'YYYY-MM-DD')`.as("from_day"),
      sql<string | null>`to_char(until_month, 'YYYY-MM-DD')`.as("until_day"),
      sql<string | null>`to_char(checked_on, 'YYYY-MM-DD')`.as("checked_day"),
    ])
    .orderBy("provider_name")
    .orderBy("region")
    .orderBy("from_month", "desc")
    .execute();
  const own = rows.map(
    (row): KnownPrice => ({
      isOwn: true,
      providerName: row.provider_name,
      region: row.region,
      from: row.from_day,
      until: row.until_day,
      source: row.source,
      checkedOn: row.checked_day,
      baseFee: Number(row.base_fee),
      storageAllowance: Number(row.storage_allowance),
      egressAllowance: Number(row.egress_allowance),
      storagePerGib: Number(row.storage_per_gib),
      egressPerGib: Number(row.egress_per_gib),
      cold:
        row.cold_per_gib === null
          ? null
          : {
              perGib: Number(row.cold_per_gib),
              retrievalPerGib: Number(row.cold_retrieval_per_gib),
              minimumDays: Number(row.cold_minimum_days),
            },
      minimumObjectSize: Number(row.minimum_object_size),
      readsPerMillion: Number(row.reads_per_million),
      writesPerMillion: Number(row.writes_per_million),
    }),
  );
  return [...own, ...PRICE_LIST.map((price) => ({ ...price, isOwn: false }))];
}
