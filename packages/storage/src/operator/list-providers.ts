import type { Kysely } from "kysely";
import type { Database } from "../database.ts";
import { describeEnvelope } from "../providers/secret-envelope.ts";

/** A bucket as the table has it, without its secret. */
export interface ProviderSummary {
  id: string;
  name: string;
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  /** Where its secret is: sealed in the table, or in the environment of the servers. */
  secret: "sealed" | "environment";
  /** Id of the key that the envelope needs; `null` where there is none. */
  sealedWith: string | null;
  isPrimary: boolean;
  isActive: boolean;
  /** Copies of files are in a `backup`: nobody uploads to it. */
  purpose: "files" | "backup" | "cold";
  cdnEndpoint: string | null;
}

export async function listProviders(db: Kysely<Database>): Promise<ProviderSummary[]> {
  const rows = await db
    .selectFrom("storage_providers")
    .selectAll()
    .orderBy("is_primary", "desc")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.provider_name,
    endpoint: row.endpoint_url,
    region: row.region,
    bucket: row.bucket_name,
    accessKeyId: row.access_key_id,
    secret: row.secret_access_key_encrypted === "env:" ? "environment" : "sealed",
    sealedWith: describeEnvelope(row.secret_access_key_encrypted)?.keyId ?? null,
    isPrimary: row.is_primary,
    isActive: row.is_active,
    purpose: row.purpose as ProviderSummary["purpose"],
    cdnEndpoint: row.cdn_endpoint,
  }));
}
