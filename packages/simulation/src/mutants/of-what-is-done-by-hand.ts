import { inFunction, type Mutant } from "./mutant.ts";

const JUDGE = "storage/src/reconcile/judge-file.ts";

/** Of the night's check, after somebody's edits and after a database from before. */
export const OF_WHAT_IS_DONE_BY_HAND: readonly Mutant[] = [
  {
    name: "missing-not-told",
    what: "A promised file whose object is gone is nothing to tell of.",
    edits: [
      {
        file: JUDGE,
        from: 'if (object === undefined) return "object_missing";',
        to: 'if (object === undefined) return "fine";',
      },
    ],
  },
  {
    name: "missing-not-told-of-derived",
    what: "What is made of a file can be made again, so nobody is told that it is gone.",
    edits: [
      {
        file: JUDGE,
        from: 'if (object === undefined) return "object_missing";',
        to: 'if (object === undefined) return /^audio\\/(?:processed|chunks)\\//.test(row.key) ? "fine" : "object_missing";',
      },
    ],
  },
  {
    name: "unknown-deleted-unasked",
    what: "An object without a row is deleted before a person has seen it on a list.",
    edits: [
      {
        file: "storage/src/reconcile/reconcile-page.ts",
        from: "    const sessions = await findSessions(\n",
        to: `    const unknown = left.filter(({ key }) => isOurKey(key) && sessionOfTemporaryKey(key) === undefined);
    await mapConcurrently(unknown, context.settings.sweepConcurrency, ({ key }) => deleteObject(s3, key));
    const sessions = await findSessions(\n`,
      },
    ],
  },
  {
    name: "failed-deleted-unasked",
    what: "Whatever is there of an upload that failed is deleted, though the database may be older than that.",
    edits: [
      {
        file: JUDGE,
        from: 'return cameAfterEnd ? "ended_object" : "failed_with_object";',
        to: 'return cameAfterEnd || row.hasOpenSession === false ? "ended_object" : "failed_with_object";',
      },
    ],
  },
  {
    name: "expiry-not-held",
    what: "What a restored database says has expired goes at once.",
    sql: inFunction("cleanup_expired_files", " AND f.created_at > (SELECT expiry_held_until())", ""),
  },
  {
    name: "expiry-hold-forgotten",
    what: "A gap counts only until somebody has looked again.",
    sql: inFunction("expiry_held_until", "ELSE w.unknown_until END", "ELSE NULL END"),
  },
  {
    name: "expiry-hold-not-told",
    what: "Files are held back, and nobody hears of it.",
    edits: [
      {
        file: "storage/src/reconcile/reconcile.ts",
        from: "if (hold !== undefined) {",
        to: "if (hold !== undefined && hold.files < 0) {",
      },
    ],
  },
];
