// `npm run simulate -- --runs 1000`: the invariants of storage under faults; see packages/simulation/README.md.
import { spawnSync } from "node:child_process";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";

await installDependencies((line) => console.log(`  ${line}`));
const { status } = spawnSync(
  currentNode(),
  [inRoot("packages/simulation/src/main.ts"), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
