import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Every name that the code which reads settings has, but for its own constants. */
function settingsRead(): string[] {
  const files = [
    ...readdirSync(join(root, "apps/server/src"))
      .filter((name) => /^config.*(?<!\.test)\.ts$/.test(name))
      .map((name) => `apps/server/src/${name}`),
    "packages/storage/src/providers/keyring.ts",
    "packages/storage/src/providers/spaces-provider.ts",
  ];
  const source = files.map(read).join("\n");
  const find = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, name = ""]) => name);
  const constants = new Set([
    ...find(/\bconst ([A-Z][A-Z0-9_]+)\b/g),
    "DEFAULT_RATE_LIMITS",
    "DEFAULT_STREAM_LIMITS",
    "MAX_SAFE_INTEGER",
  ]);
  const names = [
    // Of two words or more, wherever they stand; of one, where they are read.
    ...find(/\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/g),
    ...find(/^\s+([A-Z][A-Z0-9]+):/gm),
    ...find(/\bconst \{ ([A-Z]+) \} = env;/g),
  ];
  return [...new Set(names)].filter((name) => !constants.has(name)).toSorted();
}

it("are all in the operator's table, and no other is", () => {
  const [, section = ""] = /^## Settings\n([\s\S]*?)^## /m.exec(read("docs/operations.md")) ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const listed = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([A-Z_]+)`/g)].map(([, name = ""]) => name),
  );
  expect(listed.length).toBeGreaterThan(40);
  expect(listed.toSorted()).toEqual(settingsRead());
});
