// `npm run docs`: builds the documentation into apps/docs/dist; see apps/docs/src/main.ts.
import { spawnSync } from "node:child_process";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";

await installDependencies((line) => console.log(`  ${line}`));
const { status } = spawnSync(currentNode(), [inRoot("apps/docs/src/main.ts"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
