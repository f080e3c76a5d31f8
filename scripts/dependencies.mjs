import { existsSync, readdirSync } from "node:fs";
import { inRoot, manifest } from "./checkout.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { hashOf, hasStamp, writeStamp } from "./stamp.mjs";

/** Runs the pinned pnpm from the registry, which needs nothing but npm; does nothing when all is installed already. */
export async function installDependencies(say) {
  const hash = `${process.platform}-${process.arch}-${hashOf(["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests()])}`;
  if (hasStamp("dependencies", hash)) return;
  say("Installing dependencies. This takes a minute the first time.");
  const pnpm = manifest.packageManager.replace(/\+.*$/, "");
  // CI: pnpm asks no questions, for example about replacing a node_modules of another version. NODE_ENV: in production it
  // would leave out the newer Node, which is a development dependency.
  const env = { ...process.env, CI: "true", NODE_ENV: "development" };
  await runQuietly("npx", ["-y", pnpm, "install", "--frozen-lockfile"], { env });
  writeStamp("dependencies", hash);
}

function manifests() {
  const folders = ["packages", "apps"].flatMap((group) =>
    readdirSync(inRoot(group)).map((name) => `${group}/${name}`),
  );
  return ["", "migrations/", "e2e/", "bench/", ...folders.map((folder) => `${folder}/`)]
    .map((folder) => `${folder}package.json`)
    .filter((path) => existsSync(inRoot(path)))
    .sort();
}
