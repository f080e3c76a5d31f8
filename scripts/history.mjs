// `npm run history -- --files 200000`: fills an empty database at DATABASE_URL with a month that never was; see docs/operations.md.
import { spawnSync } from "node:child_process";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";

await installDependencies((line) => console.error(`  ${line}`));
const flags = ["--disable-warning=ExperimentalWarning"];
const args = [...flags, inRoot("bench/src/history.ts"), ...process.argv.slice(2)];
const { status } = spawnSync(currentNode(), args, { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
