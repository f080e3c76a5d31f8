import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inRoot, manifest as rootManifest } from "./checkout.mjs";
import { publishedPackages } from "./published-packages.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { hashOf, hasStamp, writeStamp } from "./stamp.mjs";

/** What pages embed; the others follow from their dependencies. */
const FOR_PAGES = ["@audiotricks/upload-react", "@audiotricks/uppy-spaces"];

/**
 * Builds the packages for pages where they changed, and packs them as they would be published.
 *
 * @param {string} destination A folder to make.
 * @returns {Promise<Map<string, string>>} Paths of the tarballs, by package.
 */
export async function packPackages(destination, env) {
  const published = publishedPackages();
  const wanted = new Set(FOR_PAGES);
  // From those that need to those that are needed.
  for (const { manifest } of published.toReversed())
    if (wanted.has(manifest.name)) for (const name of Object.keys(manifest.dependencies)) wanted.add(name);
  const packages = published.filter(({ manifest }) => wanted.has(manifest.name));
  await build(packages, env);
  const tarballs = new Map();
  for (const { folder, manifest } of packages) {
    const place = join(destination, manifest.name.replace(/^.*\//, ""));
    mkdirSync(place, { recursive: true });
    const pnpm = ["-y", rootManifest.packageManager, "pack", "--pack-destination", place];
    await runQuietly("npx", pnpm, { cwd: inRoot(folder), env });
    tarballs.set(manifest.name, join(place, readdirSync(place)[0]));
  }
  return tarballs;
}

async function build(packages, env) {
  const hash = hashOf([...packages.map(({ folder }) => folder), "tsconfig.json", "pnpm-lock.yaml"]);
  if (hasStamp("pages", hash) && packages.every(({ folder }) => existsSync(inRoot(folder, "dist")))) return;
  for (const { folder } of packages)
    await runQuietly(inRoot("node_modules/.bin/tsdown"), [], { cwd: inRoot(folder), env });
  writeStamp("pages", hash);
}
