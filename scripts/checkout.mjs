import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of this checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function inRoot(...parts) {
  return join(root, ...parts);
}

export const manifest = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));

export const isWindows = process.platform === "win32";
