import { defineConfig } from "tsdown";

export default defineConfig({
  // The worker is an entry of its own: bundlers of pages look for it under the name that `new URL` gives, beside the index.
  entry: {
    index: "src/index.ts",
    "engine-worker": "src/engine/engine-worker.ts",
    "search-worker": "src/search-worker.ts",
  },
  format: "esm",
  platform: "browser",
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
  plugins: [
    {
      name: "worker-of-the-build",
      transform: (code, id) => {
        if (id.endsWith("engine-channel.ts"))
          return { code: code.replace("./engine/engine-worker.ts", "./engine-worker.js"), map: null };
        if (id.endsWith("find-same-content.ts"))
          return { code: code.replace("./search-worker.ts", "./search-worker.js"), map: null };
        return undefined;
      },
    },
  ],
});
