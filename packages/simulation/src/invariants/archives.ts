import type { KnownExport } from "../site/known-exports.ts";
import { bytesOf } from "../store/content.ts";
import type { StoredObject } from "../store/object-store.ts";
import { type Unzipped, unzip } from "../store/unzip.ts";
import type { Truth } from "./truth.ts";

const MISSING_NAME = "MISSING.txt";

/** @returns What is wrong with an archive as it lies at the store. */
export function isWhole(
  { promised }: Pick<Truth, "promised">,
  { plan = new Map(), unreadable }: KnownExport,
  { stretches }: StoredObject,
): string[] {
  let files: Unzipped[];
  try {
    files = unzip(Buffer.concat(stretches.map((stretch) => bytesOf(stretch))));
  } catch (error) {
    return [`cannot be read: ${String(error)}`];
  }
  const wrongs = files.filter((file) => !file.isWhole).map(({ name }) => `has a broken ${name}`);
  const missing = new Set(
    files
      .find(({ name }) => name === MISSING_NAME)
      ?.bytes.toString()
      .split("\n")
      .slice(1, -1),
  );
  const found = new Map(files.map((file) => [file.name, file]));
  for (const [name, { fileId, size }] of plan) {
    const file = found.get(name);
    if (file === undefined) {
      if (!missing.has(name)) wrongs.push(`neither has nor misses ${name}`);
      else if (fileId === null || !unreadable.has(fileId))
        wrongs.push(`misses ${name}, which could be read all the time`);
      continue;
    }
    if (missing.has(name)) wrongs.push(`has and misses ${name}`);
    const content = promised.get(fileId ?? "");
    if (file.bytes.length !== size) wrongs.push(`has ${file.bytes.length} bytes of ${name}, not ${size}`);
    // What we say ourselves of somebody, and archives: these are held against their sums alone.
    else if (content !== undefined && !file.bytes.equals(bytesOf({ content, offset: 0, size })))
      wrongs.push(`has other bytes than ${content} in ${name}`);
  }
  const strangers = files.filter(({ name }) => name !== MISSING_NAME && !plan.has(name));
  return [...wrongs, ...strangers.map(({ name }) => `has ${name}, which nobody planned`)];
}
