import { defineConfig } from "tsdown";

export default defineConfig({
  // The worker is a file of its own, beside the index.
  entry: { index: "src/index.ts", "sound-worker": "src/sound/sound-worker.ts" },
  format: "esm",
  fixedExtension: false,
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
  plugins: [
    {
      name: "worker-of-the-build",
      transform: (code, id) =>
        id.endsWith("sound-inspector.ts")
          ? { code: code.replace("./sound-worker.ts", "./sound-worker.js"), map: null }
          : undefined,
    },
  ],
});
