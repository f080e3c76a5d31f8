import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inRoot, root } from "./checkout.mjs";

/**
 * Content hash of files and of whole folders, so that what was made from them is made again only when they changed.
 * A path that is not there counts as empty.
 *
 * @param {string[]} paths Relative to the checkout.
 */
export function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesUnder)) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

function filesUnder(path) {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  const names = readdirSync(join(root, path)).filter((name) => name !== "node_modules" && name !== "dist");
  return names.sort().flatMap((name) => filesUnder(`${path}/${name}`));
}

// Inside node_modules: whoever removes that removes the stamps with it.
const stampFile = (name) => inRoot("node_modules", ".stamps", name);

export function hasStamp(name, hash) {
  try {
    return readFileSync(stampFile(name), "utf8") === hash;
  } catch {
    return false;
  }
}

export function writeStamp(name, hash) {
  mkdirSync(dirname(stampFile(name)), { recursive: true });
  writeFileSync(stampFile(name), hash);
}
