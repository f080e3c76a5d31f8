// `npm run drill -- --files 10000`: backups made, killed and taken back on generated data; see packages/drill/README.md.
import { spawn } from "node:child_process";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";

await installDependencies((line) => console.log(`  ${line}`));
const child = spawn(currentNode(), [inRoot("packages/drill/src/main.ts"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
// A terminal sends Ctrl-C to both; it has to be there to end what it started.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
