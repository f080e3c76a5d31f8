import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/main.ts", "src/server.ts"],
  format: "esm",
  fixedExtension: false,
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
});
