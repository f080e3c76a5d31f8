// `npm run upgrade`: servers of the release before and of this one on one database, while people upload; see docs/operations.md.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname } from "node:path";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";
import { preparePreviousRelease, previousRelease } from "./previous-release.mjs";

const say = (line) => console.log(`  ${line}`);
await installDependencies(say);
const node = currentNode();
const folder = await preparePreviousRelease(say).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const env = {
  ...process.env,
  PATH: [dirname(node), process.env.PATH].join(delimiter),
  PREVIOUS_RELEASE: folder,
  PREVIOUS_RELEASE_STARTS_AGAIN: String(previousRelease.startsOnNewerSchema),
};
const args = ["run", "--project", "upgrade", ...process.argv.slice(2)];
const child = spawn(node, [inRoot("node_modules/vitest/vitest.mjs"), ...args], {
  cwd: root,
  env,
  stdio: "inherit",
});
// A terminal sends Ctrl-C to both; it has to be there to end what it started.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
const [code] = await once(child, "exit");
process.exitCode = code ?? 1;
