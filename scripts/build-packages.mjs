import { inRoot } from "./checkout.mjs";
import { publishedPackages } from "./published-packages.mjs";
import { runQuietly } from "./run-quietly.mjs";

for (const { folder, manifest } of publishedPackages()) {
  console.log(manifest.name);
  await runQuietly("tsdown", [], { cwd: inRoot(folder) });
}
