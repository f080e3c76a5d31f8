import { existsSync } from "node:fs";
import { inRoot } from "./checkout.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { hashOf, hasStamp, writeStamp } from "./stamp.mjs";

const SOURCES = [
  "apps/demo",
  "packages/protocol",
  "packages/uppy-spaces",
  "packages/audio-preflight",
  "packages/audio-waveform",
  "packages/react",
  "pnpm-lock.yaml",
];

/** Builds the demo into `apps/demo/dist` unless what is there was built from these very sources. */
export async function buildDemo(node, say) {
  const hash = hashOf(SOURCES);
  if (hasStamp("demo", hash) && existsSync(inRoot("apps/demo/dist/index.html"))) return;
  say("Building the demo.");
  const vite = inRoot("apps/demo/node_modules/vite/bin/vite.js");
  await runQuietly(node, [vite, "build"], {
    cwd: inRoot("apps/demo"),
    env: { ...process.env, NODE_ENV: "production" },
  });
  writeStamp("demo", hash);
}
