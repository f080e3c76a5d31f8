import { isAudioExtension, UploadError } from "@audiotricks/protocol";
import { type ConfigResponse, MAX_BATCH, MAX_SIGN_BATCH } from "@audiotricks/protocol/messages";
import type { StorageContext } from "./storage-context.ts";

/** What the widget may say before a byte moves. */
export async function readConfig({ db, stores }: StorageContext): Promise<ConfigResponse> {
  const store = await stores.findPrimary();
  const row = await db
    .selectFrom("storage_providers as p")
    .innerJoin("storage_settings as s", (join) => join.onTrue())
    .select(["p.max_file_size", "p.allowed_file_types", "p.preferred_part_size", "s.single_put_max_size"])
    .where("p.is_primary", "=", true)
    .executeTakeFirst();
  if (row === undefined || store === undefined) throw new UploadError("no_provider", "No storage is set up.");
  return {
    maxFileSize: Number(row.max_file_size),
    allowedExtensions: row.allowed_file_types.filter(isAudioExtension),
    singlePutMaxSize: Number(row.single_put_max_size),
    preferredPartSize: Number(row.preferred_part_size),
    maxBatch: MAX_BATCH,
    maxSignBatch: MAX_SIGN_BATCH,
    maxConcurrentParts: store.limits.maxConcurrentPuts,
  };
}
