// Builds the gallery into `apps/gallery/dist` unless what is there was built from these very sources.
import { existsSync } from "node:fs";
import { inRoot } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { hashOf, hasStamp, writeStamp } from "./stamp.mjs";

const SOURCES = [
  "apps/gallery/.storybook",
  "apps/gallery/src",
  "apps/gallery/package.json",
  "apps/demo/src",
  "packages/protocol",
  "packages/uppy-spaces",
  "packages/audio-preflight",
  "packages/audio-waveform",
  "packages/react",
  "pnpm-lock.yaml",
];

const hash = hashOf(SOURCES);
if (!hasStamp("gallery", hash) || !existsSync(inRoot("apps/gallery/dist/index.json"))) {
  console.log("Building the gallery.");
  const storybook = inRoot("apps/gallery/node_modules/storybook/dist/bin/dispatcher.js");
  await runQuietly(currentNode(), [storybook, "build", "--quiet", "-o", "dist"], {
    cwd: inRoot("apps/gallery"),
    env: { ...process.env, NODE_ENV: "production" },
  });
  writeStamp("gallery", hash);
}
