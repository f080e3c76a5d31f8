import { defineConfig } from "tsdown";

export default defineConfig({
  // The worker is an entry of its own: bundlers of pages look for it under the name that `new URL` gives, beside the index.
  entry: ["src/index.ts", "src/md5-worker.ts"],
  format: "esm",
  platform: "browser",
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
  plugins: [
    {
      name: "worker-of-the-build",
      transform: (code, id) =>
        id.endsWith("part-hasher.ts")
          ? // No character moves, so the source map stays as it is.
            { code: code.replace("./md5-worker.ts", "./md5-worker.js"), map: null }
          : undefined,
    },
  ],
});
