import type { StorageContext } from "../storage-context.ts";

/** Of uploads at a bucket of files, those by which files come back from their copies. */
export async function findRestoring(
  { db }: Pick<StorageContext, "db">,
  uploadIds: readonly string[],
): Promise<Set<string>> {
  if (uploadIds.length === 0) return new Set();
  const rows = await db
    .selectFrom("file_backups")
    .select("restore_upload_id as id")
    .where("restore_upload_id", "in", uploadIds)
    .execute();
  return new Set(rows.flatMap(({ id }) => id ?? []));
}
