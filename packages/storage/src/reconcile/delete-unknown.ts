import { isOurKey } from "../object-key.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { headObject } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import { findRowAt } from "./file-rows.ts";
import type { UnknownObject } from "./finding.ts";

/** What became of an object on a confirmed list. */
export type DeletionOutcome =
  | "deleted"
  /** It is gone already. */
  | "gone"
  /** Other bytes than the list says. Kept. */
  | "changed"
  /** A row knows it by now. Kept. */
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
  if ((await findRowAt(context.db, providerId, key)) !== undefined) return "known";
  await deleteObject(s3, key);
  return "deleted";
}
