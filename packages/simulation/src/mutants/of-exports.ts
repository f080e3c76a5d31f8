import type { Mutant } from "./mutant.ts";

const PROGRESS = "storage/src/exports/export-progress.ts";
const RUN = "storage/src/exports/run-exports.ts";
const SEND = "storage/src/exports/send-archive.ts";

/** Of archives that are made of many files, by workers that end at any moment. */
export const OF_EXPORTS: readonly Mutant[] = [
  {
    name: "export-part-not-remembered",
    what: "A part of an archive that the store has is not written down.",
    edits: [
      {
        file: PROGRESS,
        from: "FROM held\n      ON CONFLICT",
        to: "FROM held WHERE false\n      ON CONFLICT",
      },
    ],
  },
  {
    name: "export-begins-anew",
    what: "Whoever takes over an archive begins with its first part again.",
    edits: [{ file: SEND, from: "afterPart: sent.length,", to: "afterPart: 0," }],
  },
  {
    name: "export-done-before-complete",
    what: "An archive is said to be done before it is at the store.",
    edits: [
      {
        file: RUN,
        from: "  const completion = await completeSession(",
        to: "  await finish(context, lease);\n  const completion = await completeSession(",
      },
    ],
  },
  {
    name: "export-upload-left",
    what: "Of an archive that is taken back the upload is left where it is.",
    edits: [
      {
        file: "storage/src/exports/cancel-export.ts",
        from: "  await cancelSession(work, await getSession(work, row.session_id)).catch(() => undefined);",
        to: "  void [cancelSession, getSession];",
      },
    ],
  },
  {
    name: "export-never-expires",
    what: "An archive that is done stays for ever.",
    edits: [
      {
        file: RUN,
        from: ".set({ expires_at: clock.in(row.expires_in * 1000) })",
        to: ".set({ expires_at: null })",
      },
    ],
  },
  {
    name: "export-misses-without-a-word",
    what: "What is left out of an archive is not named in it.",
    edits: [
      {
        file: PROGRESS,
        from: "return missing === undefined ? present",
        to: "return missing?.name !== null ? present",
      },
    ],
  },
  {
    name: "export-takes-trouble-for-gone",
    what: "A file that the store could not give out just now is left out.",
    edits: [
      {
        file: "storage/src/s3/read-part.ts",
        from: "if (failure.status === 404 && ",
        to: "if (failure.status !== 412 && ",
      },
    ],
  },
  {
    name: "export-sum-forgotten",
    what: "Whoever goes on in the middle of a file forgets the sum of what is before.",
    edits: [{ file: SEND, from: "crc32: sent.at(-1)?.crc32 ?? 0 };", to: "crc32: 0 };" }],
  },
];
