import type { Mutant } from "./mutant.ts";

const MOVE = "storage/src/places/move-file.ts";

/** Of files that go from one bucket to another. */
export const OF_PLACES: readonly Mutant[] = [
  {
    name: "old-object-cleared-at-once",
    what: "The old object goes as soon as the row names the new one, though links lead to it.",
    edits: [{ file: MOVE, from: "isPublic ? KEEP_PUBLIC_MS : urlsMs + GRACE_MS", to: "0" }],
  },
  {
    name: "handed-over-unproved",
    what: "The row names the new bucket before all of the copy is there.",
    edits: [
      {
        file: "storage/src/backup/copy-across.ts",
        from: "  const etag = await requireCopy(patient, { size, etag: expected });",
        to: '  const etag = expected ?? "";\n  void patient;',
      },
    ],
  },
  {
    name: "moves-upload-swept",
    what: "The upload by which a file moves is taken for what a session has left.",
    edits: [
      {
        file: "storage/src/sweep/sweep-leftovers.ts",
        from: "if (moving.has(uploadId)) return false;",
        to: "void moving;",
      },
    ],
  },
  {
    name: "dropped-upload-left",
    what: "A move that is not wanted any more leaves its upload, and nobody comes for it.",
    edits: [
      {
        file: MOVE,
        from: 'if (uploadId !== null) await onSide("target", () => abortMultipartUpload(s3, { key, uploadId }));',
        to: "void [uploadId, abortMultipartUpload];",
      },
      {
        file: "storage/src/sweep/sweep-leftovers.ts",
        from: "return isOurKey(key) && ageOf(initiatedAt) >= unknownGraceMs;",
        to: "return false;",
      },
    ],
  },
  {
    name: "unknown-not-asked-again",
    what: "What is on a confirmed list goes, whoever knows it by now.",
    edits: [
      {
        file: "storage/src/reconcile/delete-unknown.ts",
        from: 'if ((await findNamedKeys(context, providerId, [key])).has(key)) return "known";',
        to: "void findNamedKeys;",
      },
    ],
  },
  {
    name: "moving-copies-unknown",
    what: "Only files' rows know what is in a bucket, not those of their moves.",
    edits: [
      {
        file: "storage/src/places/named-keys.ts",
        from: "AND state = 'moved'",
        to: "AND state = 'moved' AND false",
      },
    ],
  },
];
