// Checks what would go to the registry: the tarballs, in which `publishConfig` has put `dist` in place of `src`.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
    await runQuietly("tar", ["-xzf", tarball, "-C", destination]);
    checkSourceMaps(`${manifest.name}: source maps`, join(destination, "package"));
    if ("react" in (manifest.peerDependencies ?? {}))
      checkForBrowsers(`${manifest.name}: "use client"`, join(destination, "package"));
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

/** Bundlers follow what a file says of its map, and complain to whoever uses the package. */
function checkSourceMaps(what, folder) {
  const missing = readdirSync(folder, { recursive: true })
    .filter((name) => /\.(js|css)$/.test(name))
    .flatMap((name) => {
      const path = join(folder, name);
      const [, map] = /sourceMappingURL=([^\s*]+)/.exec(readFileSync(path, "utf8")) ?? [];
      return map === undefined || existsSync(join(dirname(path), map)) ? [] : [`${name} names ${map}`];
    });
  if (missing.length > 0) failures += 1;
  console.log(missing.length === 0 ? `ok ${what}` : `failed ${what}: ${missing.join(", ")}`);
}

/** A server component may import what has hooks only where the built file begins so. */
function checkForBrowsers(what, folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const isSaid = /^["']use client["'];/.test(readFileSync(join(folder, exports["."]), "utf8"));
  if (!isSaid) failures += 1;
  console.log(isSaid ? `ok ${what}` : `failed ${what}: ${exports["."]} does not begin with it`);
}
