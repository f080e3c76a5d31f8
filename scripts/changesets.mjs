import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot, root } from "./checkout.mjs";
import { previousRelease, requireCommit } from "./previous-release.mjs";
import { runQuietly } from "./run-quietly.mjs";

/** The commit since which changes are still to be released: that of the last release, which may be newer than the one before. */
export function lastRelease() {
  const { commit } = previousRelease;
  requireCommit(commit);
  const args = [
    "-1",
    "--format=%H",
    '-G"version":',
    `${commit}..HEAD`,
    "--",
    "packages/protocol/package.json",
  ];
  const [release = commit] = git("log", ...args);
  return release;
}

/**
 * What is to be released, as changesets reads it: changesets have to be known to git.
 *
 * @returns {Promise<{ changesets: { id: string, summary: string, releases: { name: string, type: string }[] }[],
 *   releases: { name: string, type: string, newVersion: string }[] }>}
 */
export async function readPlan() {
  // It takes no changesets for a fault where anything changed, also where nobody gets anything else.
  if (git("ls-files", ".changeset/*.md").every((file) => file.endsWith("/README.md")))
    return { changesets: [], releases: [] };
  const folder = mkdtempSync(join(tmpdir(), "changesets-"));
  try {
    const output = join(folder, "plan.json");
    const status = ["status", "--since", lastRelease(), "--output", output];
    await runQuietly(process.execPath, [inRoot("node_modules/@changesets/cli/bin.js"), ...status]);
    return JSON.parse(readFileSync(output, "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packages that a release is made of, by folder: all that are published, and the server. */
export function releasedPackages() {
  const { fixed } = JSON.parse(readFileSync(inRoot(".changeset/config.json"), "utf8"));
  const manifests = git("ls-files", ":(glob)**/package.json").filter((file) => file.includes("/"));
  return manifests
    .map((file) => ({
      folder: file.slice(0, -"/package.json".length),
      manifest: JSON.parse(readFileSync(inRoot(file), "utf8")),
    }))
    .filter(({ manifest }) => fixed.flat().includes(manifest.name));
}

/** @returns {string[]} Lines. */
export function git(...args) {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
    .split("\n")
    .filter((line) => line !== "");
}
