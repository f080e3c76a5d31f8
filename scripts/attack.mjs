// `npm run attack`: every attack of SECURITY.md in full, against a started server; some minutes. `npm test` sends a part of each.
//   npm run attack -- 03 15     just these files, by what their names begin with
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";
import { makeScratch } from "./scratch.mjs";

await installDependencies((line) => console.log(`  ${line}`));
const scratch = makeScratch();
const path = [dirname(currentNode()), inRoot("node_modules/.bin"), process.env.PATH].join(delimiter);
const files = process.argv.slice(2).map((name) => `e2e/attack/${name}`);
const child = spawn("vitest", ["run", "--project", "attack", "--reporter=verbose", ...files], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: path,
    TMPDIR: scratch,
    NODE_COMPILE_CACHE: join(scratch, "compiled"),
    ATTACK_SCALE: "full",
  },
});
// A terminal sends Ctrl-C to both; it has to be there to remove what was made.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  process.exitCode = code ?? 1;
});
