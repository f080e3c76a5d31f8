import { mapConcurrently } from "../concurrency.ts";
import { isOurKey, sessionOfTemporaryKey } from "../object-key.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { headObject } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import { findSessions } from "../uploads/session.ts";
import { findRowAt, findRowsByKey } from "./file-rows.ts";
import type { Finding, FoundFile, FoundObject } from "./finding.ts";
import { judgeFile, type Verdict } from "./judge-file.ts";

const ROWS_AT_ONCE = 1_000;

/** One page of the bucket, and the stretch of keys that it speaks for. */
export interface KeyRange {
  objects: readonly FoundObject[];
  /** The stretch begins after this key… */
  after: string;
  /** …and ends with this one; `undefined` for the end of the bucket. */
  upTo: string | undefined;
}

/**
 * Compares one stretch of keys. Its objects were listed before its rows are read: since every row is there before its
 * object, an object without a row has none. Everything else may have changed in between and is looked at again.
 *
 * @returns How many rows there were.
 */
export async function reconcilePage(
  context: StorageContext,
  { providerId, s3 }: { providerId: string; s3: S3Connection },
  { objects, after, upTo }: KeyRange,
  report: (finding: Finding) => Promise<void>,
): Promise<number> {
  const unmatched = new Map(objects.map((object) => [object.key, object]));
  let count = 0;
  for (let from: string | undefined = after; from !== undefined; ) {
    const rows = await findRowsByKey(context.db, providerId, { after: from, upTo, limit: ROWS_AT_ONCE });
    const suspects: { key: string; verdict: Verdict }[] = [];
    for (const row of rows) {
      const verdict = judgeFile(row, unmatched.get(row.key));
      unmatched.delete(row.key);
      if (verdict !== "fine") suspects.push({ key: row.key, verdict });
    }
    for (const finding of await mapConcurrently(suspects, context.settings.sweepConcurrency, lookAgain))
      if (finding !== undefined) await report(finding);
    count += rows.length;
    from = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.key;
  }
  await reportUnmatched([...unmatched.values()]);
  return count;

  /** What holds before and after a look at the object holds for the object. */
  async function lookAgain({
    key,
    verdict,
  }: {
    key: string;
    verdict: Verdict;
  }): Promise<Finding | undefined> {
    const head = await headObject(s3, key);
    const row = await findRowAt(context.db, providerId, key);
    if (row === undefined) return undefined;
    const object = head && { key, ...head };
    const file: FoundFile = { id: row.id, key, state: row.state, size: row.size, etag: row.etag };
    const kind = judgeFile(row, object);
    if (kind === "fine" || kind !== verdict) return undefined;
    if (kind === "object_missing") return { providerId, kind, file };
    if (kind === "upload_without_session") return { providerId, kind, file, object };
    if (object === undefined) return undefined;
    if (kind === "ended_object") await deleteObject(s3, key);
    return { providerId, kind, file, object };
  }

  async function reportUnmatched(left: readonly FoundObject[]): Promise<void> {
    const sessions = await findSessions(
      context,
      left.flatMap(({ key }) => sessionOfTemporaryKey(key) ?? []),
    );
    for (const object of left) {
      const sessionId = sessionOfTemporaryKey(object.key);
      if (sessionId !== undefined && sessions.has(sessionId)) continue;
      if (sessionId !== undefined) await report({ providerId, kind: "unknown_temporary", object });
      else if (isOurKey(object.key)) await report({ providerId, kind: "unknown_object", object });
      else await report({ providerId, kind: "foreign_object", object });
    }
  }
}
