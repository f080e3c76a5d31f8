// `npm run operator -- COMMAND`: audiotricks-storage from this checkout, with its `.env`; see packages/cli/README.md.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";

await installDependencies((line) => console.error(`  ${line}`));
const flags = ["--disable-warning=ExperimentalWarning"]; // type stripping, on older Nodes
const args = [...flags, inRoot("packages/cli/src/main.ts"), ...process.argv.slice(2)];
const work = spawn(currentNode(), args, { cwd: root, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => work.kill(signal));
work.on("exit", (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
