import { existsSync, readdirSync, readFileSync } from "node:fs";
import { inRoot } from "./checkout.mjs";

/** Folders and manifests of the packages that go to the registry, those that others need first. */
export function publishedPackages() {
  const folders = [...readdirSync(inRoot("packages")).map((name) => `packages/${name}`), "migrations"];
  const published = folders
    .filter((folder) => existsSync(inRoot(folder, "package.json")))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(inRoot(folder, "package.json"), "utf8")) }))
    .filter(({ manifest }) => manifest.private !== true);
  return inOrderOfNeed(published);
}

function inOrderOfNeed(packages) {
  const sorted = [];
  const visit = (one) => {
    if (sorted.includes(one)) return;
    const needed = Object.keys(one.manifest.dependencies ?? {});
    for (const other of packages) if (needed.includes(other.manifest.name)) visit(other);
    sorted.push(one);
  };
  for (const one of packages) visit(one);
  return sorted;
}
