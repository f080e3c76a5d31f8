import { createHash } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import type { DownloadResponse } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import { READABLE_STATES } from "../files/access-rules.ts";
import { signDownload } from "../files/sign-download.ts";
import { requireAnswering } from "../places/require-answering.ts";
import type { StorageContext } from "../storage-context.ts";

export function hashOfToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/**
 * Where whoever has this link reads the file, for a short while.
 *
 * @throws {UploadError} `share_not_found`: unknown, expired, revoked, used up, or of a file that is not there: all the same;
 *   `storage_unavailable` where its bucket does not answer.
 */
export async function openShare(
  context: StorageContext,
  token: string,
): Promise<DownloadResponse & { fileId: string }> {
  const { accesses, settings, shareUses, stores } = context;
  const found = await findShare(context, token);
  if (found === undefined) throw shareNotFound();
  const store = await stores.of(found.storage_provider_id);
  requireAnswering(store);
  // Counted before it is given out; a number of times that is limited is never gone beyond.
  if (found.max_uses === null) shareUses.record(found.share_id);
  else if (!(await useUp(context, found.share_id))) throw shareNotFound();
  accesses.record(found.file_id);
  const expiresIn = settings.shareUrlExpiresIn;
  return {
    ...signDownload(store.s3, found, { disposition: "attachment", expiresIn }),
    fileId: found.file_id,
  };
}

function findShare({ db, clock }: StorageContext, token: string) {
  return db
    .selectFrom("share_links as l")
    .innerJoin("file_storage as f", (join) =>
      join
        .onRef("f.id", "=", "l.file_storage_id")
        .onRef("f.share_version", "=", "l.share_version")
        .on("f.status", "in", READABLE_STATES)
        .on("f.scan_state", "<>", "held"),
    )
    .select(["l.id as share_id", "l.max_uses", "f.id as file_id", "f.storage_provider_id"])
    .select(["f.storage_path", "f.original_filename", "f.file_extension"])
    .where("l.token_sha256", "=", hashOfToken(token))
    .where("l.revoked_at", "is", null)
    .where("l.expires_at", ">", clock.now())
    .where((eb) => eb.or([eb("l.max_uses", "is", null), eb("l.use_count", "<", eb.ref("l.max_uses"))]))
    .executeTakeFirst();
}

/** One statement: of two that want the last use, one gets it. At most as many writes as there are uses. */
async function useUp({ db, clock }: StorageContext, shareId: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("share_links")
    .set({ use_count: sql<number>`use_count + 1`, last_used_at: clock.now() })
    .where("id", "=", shareId)
    .where("revoked_at", "is", null)
    .where(sql<boolean>`use_count < max_uses`)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export function shareNotFound(): UploadError {
  return new UploadError("share_not_found", "There is no such link, or it has ended.");
}
