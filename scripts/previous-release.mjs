import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { inRoot, root } from "./checkout.mjs";
import { runQuietly } from "./run-quietly.mjs";

/**
 * The release that servers are upgraded from, by its commit: a clone has that whether or not it has the tags. Each release
 * puts the one before it here.
 *
 * @type {{ commit: string, startsOnNewerSchema: boolean }} `startsOnNewerSchema`: whether its servers can be started again
 *   after the database was migrated; those that run go on anyway.
 */
export const previousRelease = JSON.parse(readFileSync(inRoot("scripts/previous-release.json"), "utf8"));

/** Not in `node_modules`, where Node runs no TypeScript. */
const PLACE = inRoot(".cache", "previous-release");

/**
 * Its source with its own dependencies, from its own lockfile; kept, and made again when it is another commit.
 *
 * @returns {Promise<string>} The folder.
 * @throws {Error} That says what to do where this checkout does not have its history.
 */
export async function preparePreviousRelease(say) {
  const { commit } = previousRelease;
  requireCommit(commit);
  const folder = `${PLACE}/${commit}`;
  if (existsSync(folder)) return folder;
  say(`Installing the release before this one, ${commit.slice(0, 7)}.`);
  mkdirSync(PLACE, { recursive: true });
  for (const old of readdirSync(PLACE)) rmSync(`${PLACE}/${old}`, { recursive: true, force: true });
  const draft = mkdtempSync(`${PLACE}/draft-`);
  await extract(commit, draft);
  const { packageManager } = JSON.parse(readFileSync(`${draft}/package.json`, "utf8"));
  await runQuietly(
    "npx",
    [
      "-y",
      packageManager.replace(/\+.*$/, ""),
      "install",
      "--frozen-lockfile",
      "--prefer-offline",
      "--prod",
    ].concat(["--filter", "@audiotricks/server..."]),
    { cwd: draft, env: { ...process.env, CI: "true", NODE_ENV: "development" } },
  );
  // Only what is whole has its name.
  renameSync(draft, folder);
  return folder;
}

/** @throws {Error} That says how to get the history of which this checkout has too little. */
export function requireCommit(commit) {
  const { status, stderr } = spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], {
    cwd: root,
    encoding: "utf8",
  });
  if (status === 0) return;
  throw new Error(
    `The release before this one, ${commit}, is not in this checkout's history, so nobody can tell whether it runs on the new ` +
      "schema. Get the whole history: git fetch --unshallow, or fetch-depth: 0 where CI checks out. " +
      `git says: ${stderr?.trim() || "nothing; is it installed?"}`,
  );
}

async function extract(commit, folder) {
  const archive = spawn("git", ["archive", commit], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const unpack = spawn("tar", ["-x", "-C", folder], { stdio: [archive.stdout, "inherit", "inherit"] });
  const codes = await Promise.all([archive, unpack].map(async (child) => (await once(child, "exit"))[0]));
  if (codes.some((code) => code !== 0)) throw new Error(`git archive ${commit} could not be unpacked.`);
}
