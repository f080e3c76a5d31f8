import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EmbeddedError } from "./embedded-error.ts";
import { lockDataDirectory } from "./lock-data-directory.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "data-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

it("makes the directory and all above it, for this user alone", () => {
  const data = join(directory, "a/b/c");
  lockDataDirectory(data).release();
  for (const made of ["a", "a/b", "a/b/c"]) expect(statSync(join(directory, made)).mode & 0o777).toBe(0o700);
  lockDataDirectory(data).release();
});

it("says so where nothing can be kept, at once", () => {
  writeFileSync(join(directory, "file"), "");
  const places = [join(directory, "file"), join(directory, "file/data"), "/proc/nope", "/proc/nope/data"];
  for (const place of places) {
    expect(() => lockDataDirectory(place), place).toThrow(EmbeddedError);
    expect(() => lockDataDirectory(place), place).toThrow(`Cannot keep data in ${place} (`);
  }
});
