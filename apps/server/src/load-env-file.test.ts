import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadEnvFile } from "./load-env-file.ts";

const NAMES = ["ENV_FILE_FIRST", "ENV_FILE_SECOND"] as const;
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "env-file-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of NAMES) delete process.env[name];
});

function load(text: string): (string | undefined)[] {
  const path = join(folder, ".env");
  writeFileSync(path, text);
  loadEnvFile(path);
  return NAMES.map((name) => process.env[name]);
}

it.each([
  ["as it is", "ENV_FILE_FIRST=1\nENV_FILE_SECOND=2\n"],
  [
    "with the mark that editors on Windows begin a file with",
    "\ufeffENV_FILE_FIRST=1\r\nENV_FILE_SECOND=2\r\n",
  ],
  ["as a shell would source it", "export ENV_FILE_FIRST='1'\nENV_FILE_SECOND=\"2\" # why\n"],
])("reads every setting of a file %s", (_, text) => {
  expect(load(text)).toEqual(["1", "2"]);
});

it("lets the environment win, also where it says that something is empty", () => {
  process.env.ENV_FILE_FIRST = "";
  expect(load("ENV_FILE_FIRST=1\nENV_FILE_SECOND=2\n")).toEqual(["", "2"]);
});

it("is content without a file, and not with a folder in its place", () => {
  expect(() => loadEnvFile(join(folder, "absent"))).not.toThrow();
  expect(() => loadEnvFile(folder)).toThrow(/Make it a file that this user may read/);
});
