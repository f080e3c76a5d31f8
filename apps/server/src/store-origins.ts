import type { Database, SpacesProvider } from "@audiotricks/storage";
import type { Kysely } from "kysely";
import { storeOrigins } from "./addresses.ts";
import { createCachedRead } from "./cached-read.ts";

/** Buckets are added and named to stand in while the server runs; a page has to reach those that it is sent to. */
const KNOWN_FOR_MS = 5_000;
const PATIENCE_MS = 2_000;

/** @returns What gives the origins of every bucket that has files; of the server's own alone while the database does not say. */
export function createStoreOrigins(
  db: Kysely<Database>,
  own: SpacesProvider,
  onError: (error: unknown) => void,
): () => Promise<readonly string[]> {
  const read = createCachedRead(() => readAll(db, own, onError), {
    ttlMs: KNOWN_FOR_MS,
    timeoutMs: PATIENCE_MS,
    onError,
  });
  return async () => (await read()) ?? storeOrigins(own);
}

async function readAll(
  db: Kysely<Database>,
  own: SpacesProvider,
  onError: (error: unknown) => void,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("storage_providers")
    .select(["endpoint_url", "bucket_name", "cdn_endpoint"])
    .where("purpose", "=", "files")
    .execute();
  const others = rows.map((row) => {
    try {
      return storeOrigins({
        endpoint: row.endpoint_url,
        bucket: row.bucket_name,
        cdnEndpoint: row.cdn_endpoint ?? undefined,
      });
    } catch (error) {
      // One that was written by hand keeps pages from no other bucket.
      onError(error);
      return [];
    }
  });
  return [...new Set([storeOrigins(own), ...others].flat())];
}
