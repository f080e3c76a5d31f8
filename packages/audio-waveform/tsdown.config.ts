import { defineConfig } from "tsdown";

export default defineConfig({
  // The worker is an entry of its own: bundlers of pages look for it under the name that `new URL` gives, beside the index.
  entry: { index: "src/index.ts", "waveform-worker": "src/waveform-worker.ts" },
  format: "esm",
  platform: "browser",
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
  plugins: [
    {
      name: "worker-of-the-build",
      transform: (code, id) =>
        id.endsWith("open-waveforms.ts")
          ? { code: code.replace("./waveform-worker.ts", "./waveform-worker.js"), map: null }
          : undefined,
    },
  ],
});
