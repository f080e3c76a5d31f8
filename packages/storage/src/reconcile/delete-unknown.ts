import { sql } from "kysely";
import { isOurKey } from "../object-key.ts";
import { findNamedKeys } from "../places/named-keys.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { headObject } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { UnknownObject } from "./finding.ts";

/** What became of an object on a confirmed list. */
export type DeletionOutcome =
  | "deleted"
  /** It is gone already. */
  | "gone"
  /** Other bytes than the list says. Kept. */
  | "changed"
  /** A row knows it by now; or one of another bucket promises these bytes, and does not have them there. Kept. */
  | "known"
  /** Not a key that we make. Kept. */
  | "foreign";

/**
 * Deletes objects without a row that a person has seen on the list of a reconciliation. Each is looked at once more:
 * what is not as the list says stays.
 */
export async function deleteUnknownObject(
  context: StorageContext,
  { providerId, object }: Pick<UnknownObject, "object"> & { providerId: string },
): Promise<DeletionOutcome> {
  const { key, size, etag } = object;
  if (!isOurKey(key)) return "foreign";
  const { s3 } = await context.stores.of(providerId);
  const found = await headObject(s3, key);
  if (found === undefined) return "gone";
  if (found.size !== size || found.etag !== etag) return "changed";
  // After the object: a row is there before its object is.
  if ((await findNamedKeys(context, providerId, [key])).has(key)) return "known";
  if (await isMissedElsewhere(context, providerId, key)) return "known";
  await deleteObject(s3, key);
  return "deleted";
}

/** The database may be of before a file came here from another bucket: then these may be the only bytes of it. */
async function isMissedElsewhere(
  { db, stores }: StorageContext,
  providerId: string,
  key: string,
): Promise<boolean> {
  const { rows } = await sql<{ id: string; size: number | string }>`
    SELECT p.id, f.file_size AS size FROM storage_providers p
    JOIN file_storage f ON f.storage_provider_id = p.id AND f.storage_path = ${key}
    WHERE p.id <> ${providerId}::uuid AND is_counted_file(f.status)`.execute(db);
  for (const { id, size } of rows) {
    const { s3 } = await stores.of(id);
    if ((await headObject(s3, key))?.size !== Number(size)) return true;
  }
  return false;
}
