// Checks what would go to the registry: the tarballs, in which `publishConfig` has put `dist` in place of `src`.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot, manifest as rootManifest } from "./checkout.mjs";
import { publishedPackages } from "./published-packages.mjs";
import { runQuietly } from "./run-quietly.mjs";

const scratch = mkdtempSync(join(tmpdir(), "packages-"));
let failures = 0;
try {
  for (const { folder, manifest } of publishedPackages()) {
    const destination = mkdtempSync(join(scratch, "package-"));
    const pnpm = ["-y", rootManifest.packageManager, "pack", "--pack-destination", destination];
    await runQuietly("npx", pnpm, { cwd: inRoot(folder) });
    const [name] = readdirSync(destination);
    const tarball = join(destination, name);
    await check(`${manifest.name}: publint`, "publint", ["run", tarball, "--strict"]);
    await check(`${manifest.name}: attw`, "attw", [tarball, "--profile", "esm-only"]);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
process.exitCode = failures === 0 ? 0 : 1;

async function check(what, command, args) {
  try {
    await runQuietly(command, args);
    console.log(`ok ${what}`);
  } catch (error) {
    failures += 1;
    console.log(`failed ${what}\n${error.message}`);
  }
}
