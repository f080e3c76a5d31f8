import type { Kysely } from "kysely";
import type { Database } from "../database.ts";

export interface Bucket {
  providerId: string;
  providerName: string;
  region: string;
  bucket: string;
}

/** What people call the buckets whose ids rows have. */
export async function findBuckets(db: Kysely<Database>): Promise<(providerId: string) => Bucket> {
  const rows = await db
    .selectFrom("storage_providers")
    .select(["id as providerId", "provider_name as providerName", "region", "bucket_name as bucket"])
    .execute();
  const byId = new Map(rows.map((row) => [row.providerId, row]));
  return (providerId) => byId.get(providerId) ?? { providerId, providerName: "", region: "", bucket: "" };
}
