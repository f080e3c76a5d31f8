import type { LibraryFile } from "./describe-file.ts";

/** A file by itself, or files that are one thing, where the newest of them stands. */
export type LibraryEntry = { file: LibraryFile } | { group: LibraryGroup };

export interface LibraryGroup {
  /** One of the same id may be somebody else's. */
  key: string;
  id: string;
  /** `null` where it is called nothing. */
  name: string | null;
  /** How many it waits for. */
  size: number;
  isOpen: boolean;
  /** Whether who looks may say that it is not to wait, or end all of it. */
  isTheirs: boolean;
  /** Those that the list has, by name: a list that goes on may have more. */
  files: readonly LibraryFile[];
}

/** What is one thing is put together. */
export function groupFiles(files: readonly LibraryFile[]): LibraryEntry[] {
  const keyOf = ({ group, ownerId }: LibraryFile) => (group === undefined ? null : `${ownerId} ${group.id}`);
  const byKey = Map.groupBy(files, keyOf);
  const seen = new Set<string>();
  return files.flatMap((file): LibraryEntry[] => {
    const key = keyOf(file);
    const members = byKey.get(key) ?? [];
    const { group } = file;
    // The last one of a published group is a file like any other.
    if (key === null || group === undefined || (group.isOpen && members.length < 2)) return [{ file }];
    if (seen.has(key)) return [];
    seen.add(key);
    const marks = members.flatMap((member) => member.group ?? []);
    return [
      {
        group: {
          key,
          id: group.id,
          name: group.name ?? null,
          size: Math.min(...marks.map(({ size }) => size)),
          isOpen: marks.some(({ isOpen }) => isOpen),
          isTheirs: members.every(({ may }) => may?.group === true),
          files: members.toSorted((one, other) =>
            one.name.localeCompare(other.name, "en", { numeric: true }),
          ),
        },
      },
    ];
  });
}
