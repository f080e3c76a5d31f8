import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot, manifest as rootManifest } from "./checkout.mjs";
import { publishedPackages } from "./published-packages.mjs";
import { runQuietly } from "./run-quietly.mjs";

/**
 * Publishes the packages that are built, those that others need first; what the registry has already is left out, so that a
 * run that was cut off can be repeated. With provenance: it says by which run of which repository they were built.
 *
 * @param {{ only?: string }} options `only`: a folder to put the tarballs in, instead of publishing them.
 * @throws {Error} Outside of CI, and where the tag is not the version.
 */
export async function publishPackages({ only }) {
  const repository = process.env.GITHUB_REPOSITORY;
  if (repository === undefined)
    throw new Error(
      "GITHUB_REPOSITORY is not set: packages are published by .github/workflows/release.yml alone.",
    );
  const packages = publishedPackages();
  requireTag(packages);
  const scratch = mkdtempSync(join(tmpdir(), "publish-"));
  try {
    for (const { folder, manifest } of packages) {
      const place = join(only ?? scratch, manifest.name.replace(/^.*\//, ""));
      const tarball = await pack(folder, manifest, { place, repository });
      if (only !== undefined) console.log(tarball);
      else if (isPublished(manifest)) console.log(`there     ${manifest.name}@${manifest.version}`);
      else {
        await runQuietly("npm", ["publish", tarball, "--provenance", "--access", "public"]);
        console.log(`published ${manifest.name}@${manifest.version}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function requireTag(packages) {
  const versions = new Set(packages.map(({ manifest }) => `v${manifest.version}`));
  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: name } = process.env;
  if (type !== "tag" || versions.size !== 1 || !versions.has(name))
    throw new Error(
      `The packages are ${[...versions].join(", ")}, and this run is of the ${type ?? "branch"} ${name}.`,
    );
}

/** The registry compares `repository` with where the run was; only CI knows where that is. */
async function pack(folder, manifest, { place, repository }) {
  const file = inRoot(folder, "package.json");
  const before = readFileSync(file, "utf8");
  const url = `git+${process.env.GITHUB_SERVER_URL ?? "https://github.com"}/${repository}.git`;
  mkdirSync(place, { recursive: true });
  try {
    writeFileSync(
      file,
      JSON.stringify({ ...manifest, repository: { type: "git", url, directory: folder } }, null, 2),
    );
    await runQuietly("npx", ["-y", rootManifest.packageManager, "pack", "--pack-destination", place], {
      cwd: inRoot(folder),
    });
  } finally {
    writeFileSync(file, before);
  }
  return join(place, readdirSync(place)[0]);
}

function isPublished({ name, version }) {
  try {
    return (
      execFileSync("npm", ["view", `${name}@${version}`, "version"], { encoding: "utf8" }).trim() === version
    );
  } catch (error) {
    if (String(error.stderr).includes("E404")) return false;
    throw error;
  }
}
