// `npm run bench`: the figures of bench/README.md, measured on this machine. Takes a few minutes; see bench/src.
import { spawnSync } from "node:child_process";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { buildDemo } from "./demo-build.mjs";
import { installDependencies } from "./dependencies.mjs";

const say = (line) => console.log(`  ${line}`);
await installDependencies(say);
const node = currentNode();
await buildDemo(node, say);
const { status } = spawnSync(node, [inRoot("bench/src/main.ts"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
