import { mapConcurrently } from "../concurrency.ts";
import { isOurKey, sessionOfTemporaryKey } from "../object-key.ts";
import { findNamedKeys } from "../places/named-keys.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { headObject, type ObjectHead } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import { findSessions } from "../uploads/session.ts";
import { type FileRow, findRowsAt, findRowsByKey } from "./file-rows.ts";
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
  report: (findings: readonly Finding[]) => Promise<void>,
): Promise<number> {
  const unmatched = new Map(objects.map((object) => [object.key, object]));
  let count = 0;
  for (let from: string | undefined = after; from !== undefined; ) {
    const rows = await findRowsByKey(context.db, providerId, { after: from, upTo, limit: ROWS_AT_ONCE });
    const suspects: Suspect[] = [];
    for (const row of rows) {
      const verdict = judgeFile(row, unmatched.get(row.key));
      unmatched.delete(row.key);
      if (verdict !== "fine") suspects.push({ key: row.key, verdict });
    }
    await report(await lookAgain(suspects));
    count += rows.length;
    from = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.key;
  }
  await report(await judgeUnmatched([...unmatched.values()]));
  return count;

  /** What holds before and after a look at the object holds for the object. */
  async function lookAgain(suspects: readonly Suspect[]): Promise<Finding[]> {
    const { sweepConcurrency } = context.settings;
    const heads = await mapConcurrently(suspects, sweepConcurrency, ({ key }) => headObject(s3, key));
    const keys = suspects.map(({ key }) => key);
    const rows = await findRowsAt(context.db, providerId, keys);
    const findings = suspects.flatMap(({ key, verdict }, index) => {
      const row = rows.get(key);
      return row === undefined ? [] : (judgeAgain(row, heads[index], verdict) ?? []);
    });
    const ended = findings.filter(({ kind }) => kind === "ended_object");
    await mapConcurrently(ended, sweepConcurrency, ({ file }) => deleteObject(s3, file.key));
    return findings;
  }

  function judgeAgain(row: FileRow, head: ObjectHead | undefined, verdict: Verdict) {
    const { id, key, state, size, etag } = row;
    const object = head && { key, ...head };
    const file: FoundFile = { id, key, state, size, etag };
    const kind = judgeFile(row, object);
    if (kind === "fine" || kind !== verdict) return undefined;
    if (kind === "object_missing") return { providerId, kind, file };
    if (kind === "upload_without_session") return { providerId, kind, file, object };
    return object && { providerId, kind, file, object };
  }

  async function judgeUnmatched(left: readonly FoundObject[]): Promise<Finding[]> {
    const sessions = await findSessions(
      context,
      left.flatMap(({ key }) => sessionOfTemporaryKey(key) ?? []),
    );
    // A move may have handed a key over since the rows were read.
    const named = await findNamedKeys(
      context,
      providerId,
      left.map(({ key }) => key),
    );
    return left.flatMap((object) => {
      if (named.has(object.key)) return [];
      const sessionId = sessionOfTemporaryKey(object.key);
      if (sessionId !== undefined && sessions.has(sessionId)) return [];
      if (sessionId !== undefined) return { providerId, kind: "unknown_temporary", object };
      return { providerId, kind: isOurKey(object.key) ? "unknown_object" : "foreign_object", object };
    });
  }
}

/** A row that does not go with what was listed. */
interface Suspect {
  key: string;
  verdict: Exclude<Verdict, "fine">;
}
