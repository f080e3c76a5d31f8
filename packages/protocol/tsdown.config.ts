import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/messages.ts", "src/events.ts", "src/costs.ts", "src/admin.ts"],
  format: "esm",
  platform: "neutral",
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
});
