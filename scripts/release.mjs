// Makes a release, in three steps; CONTRIBUTING.md says when each is run.
//   node scripts/release.mjs version            new versions, CHANGELOG.md, no changesets left: to be committed and tagged
//   node scripts/release.mjs publish            in CI, on the tag: packs what is built and publishes what the registry does not have
//   node scripts/release.mjs publish --pack DIR only packs, as it would be published
//   node scripts/release.mjs open COMMIT        from now on this is the release before
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { addToChangelog } from "./changelog.mjs";
import { git, readPlan } from "./changesets.mjs";
import { inRoot, manifest } from "./checkout.mjs";
import { publishPackages } from "./publish-packages.mjs";
import { runQuietly } from "./run-quietly.mjs";

const { values, positionals } = parseArgs({ options: { pack: { type: "string" } }, allowPositionals: true });
const [verb, argument] = positionals;
const VERBS = { version, publish: () => publishPackages({ only: values.pack }), open };
if (!Object.hasOwn(VERBS, verb ?? "")) {
  console.error(`Say one of ${Object.keys(VERBS).join(", ")}.`);
  process.exit(1);
}
await VERBS[verb]().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

async function version() {
  const { changesets, releases } = await readPlan();
  const [next] = new Set(releases.filter(({ type }) => type !== "none").map(({ newVersion }) => newVersion));
  const file = inRoot("CHANGELOG.md");
  writeFileSync(file, addToChangelog(readFileSync(file, "utf8"), next, changesets));
  await runQuietly(process.execPath, [inRoot("node_modules/@changesets/cli/bin.js"), "version"]);
  // Ranges between our packages are in the lockfile.
  const install = ["-y", manifest.packageManager, "install", "--lockfile-only", "--offline"];
  await runQuietly("npx", install, { env: { ...process.env, CI: "" } });
  console.log(`Commit this as release ${next}, and tag it v${next}.`);
}

async function open() {
  const [commit] = git("rev-parse", "--verify", `${argument ?? "HEAD"}^{commit}`);
  // Since migrate() leaves a newer schema alone; `npm run upgrade` finds out.
  const release = { commit, startsOnNewerSchema: true };
  writeFileSync(inRoot("scripts/previous-release.json"), `${JSON.stringify(release, null, 2)}\n`);
}
