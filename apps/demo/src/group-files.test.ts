import { expect, it } from "vitest";
import type { LibraryFile } from "./describe-file.ts";
import { groupFiles } from "./group-files.ts";

const file = (id: string, group?: LibraryFile["group"], ownerId = "alpha") =>
  ({
    id,
    name: `${id}.wav`,
    ownerId,
    may: { rename: true, delete: true, share: true, levels: [], group: true },
    ...(group && { group }),
  }) as unknown as LibraryFile;
const halo = (isOpen: boolean, size = 3) => ({ id: "g", name: "Halo", size, isOpen });

it("puts what is one thing where its newest file stands, in the order of names", () => {
  const entries = groupFiles([
    file("new"),
    file("10", halo(false)),
    file("between"),
    file("2", halo(false, 2)),
    file("old"),
  ]);
  expect(
    entries.map((entry) => ("file" in entry ? entry.file.id : entry.group.files.map(({ id }) => id))),
  ).toEqual(["new", ["2", "10"], "between", "old"]);
  expect(entries[1]).toMatchObject({ group: { name: "Halo", size: 2, isOpen: false, isTheirs: true } });
});

it("keeps those apart that only have the same id, and shows the last one of a published group alone", () => {
  const entries = groupFiles([
    file("a", halo(false)),
    file("b", halo(false), "beta"),
    file("c", { ...halo(true), id: "h" }),
  ]);
  expect(entries.map((entry) => ("file" in entry ? "file" : entry.group.key))).toEqual([
    "alpha g",
    "beta g",
    "file",
  ]);
});
