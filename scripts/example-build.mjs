import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot, isWindows, root, manifest as rootManifest } from "./checkout.mjs";
import { runQuietly } from "./run-quietly.mjs";

/** Beside what git ignores, which somebody may have left in an example. */
const MADE = new Set(["node_modules", "dist", "build", ".next", ".react-router", "pnpm-lock.yaml"]);

const STORE = execFileSync("npx", ["-y", rootManifest.packageManager, "store", "path"], {
  cwd: root,
  encoding: "utf8",
  shell: isWindows,
})
  .trim()
  .replace(/[\\/]v\d+$/, "");

/**
 * Copies an example out of the checkout, installs it with our packages as they would come from the registry, type-checks and builds it.
 *
 * @param {import("./example-apps.mjs").ExampleApp} app
 * @param {string} folder Where to; empty.
 * @param {{ env: NodeJS.ProcessEnv, tarballs: Map<string, string> }} options `tarballs`: of our packages, by their names.
 */
export async function buildExample(app, folder, { env, tarballs }) {
  cpSync(inRoot("examples", app.folder), folder, {
    recursive: true,
    filter: (path) => !MADE.has(path.split(/[\\/]/).at(-1)),
  });
  const file = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  for (const [name, version] of Object.entries(app.versions ?? {}))
    (name in manifest.dependencies ? manifest.dependencies : manifest.devDependencies)[name] = version;
  writeFileSync(file, JSON.stringify(manifest));
  // A workspace of its own, of one: what our packages need of each other are tarballs as well. Build scripts stay unrun.
  writeFileSync(
    join(folder, "pnpm-workspace.yaml"),
    JSON.stringify({
      autoInstallPeers: false,
      strictPeerDependencies: true,
      allowBuilds: { esbuild: false, sharp: false },
      // The checkout's own: pnpm would begin another on every disk.
      storeDir: STORE,
      overrides: Object.fromEntries(Array.from(tarballs, ([name, path]) => [name, `file:${path}`])),
    }),
  );
  await runQuietly("npx", ["-y", rootManifest.packageManager, "install", "--prefer-offline"], {
    cwd: folder,
    env: { ...env, NODE_ENV: "development" },
  });
  await runQuietly("npm", ["run", "build"], { cwd: folder, env: { ...env, NODE_ENV: "production" } });
}
