import type { Mutant } from "./mutant.ts";

const GROUPS = "storage/src/uploads/file-groups.ts";
const OUTCOME = "storage/src/uploads/record-outcome.ts";

/** Of files that are published all or none. */
export const OF_GROUPS: readonly Mutant[] = [
  {
    name: "group-opens-early",
    what: "A group is published when all but one of its files are there.",
    edits: [
      {
        file: GROUPS,
        from: "count(DISTINCT name) >= min(size)",
        to: "count(DISTINCT name) >= min(size) - 1",
      },
    ],
  },
  {
    name: "group-counts-files",
    what: "A file that was sent twice stands for one that is missing.",
    edits: [{ file: GROUPS, from: "count(DISTINCT name)", to: "count(name)" }],
  },
  {
    name: "group-latecomer-stays-closed",
    what: "What joins a group that is published is held for ever.",
    edits: [
      {
        file: GROUPS,
        from: "OR EXISTS (SELECT FROM file_storage f WHERE",
        to: "OR false AND EXISTS (SELECT FROM file_storage f WHERE",
      },
    ],
  },
  {
    name: "group-member-shown",
    what: "One of a group that is put into a workspace is for its members as soon as it is there.",
    edits: [{ file: OUTCOME, from: " AND NOT f.metadata ? '$group' THEN", to: " THEN" }],
  },
  {
    name: "group-never-opens",
    what: "A group is not published when its last file is stored.",
    edits: [
      { file: OUTCOME, from: "    await releaseGroups(trx, groups);\n", to: "    void releaseGroups;\n" },
    ],
  },
];
