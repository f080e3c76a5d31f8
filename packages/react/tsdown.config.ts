import { copyFile, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/locales/*.ts"],
  format: "esm",
  platform: "neutral",
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
  hooks: { "build:done": () => bundleStyles("src/styles.css", "dist/styles.css") },
});

/** One stylesheet with Uppy's in it: not every bundler follows `@import` into packages, and a page without one cannot. */
async function bundleStyles(source: string, target: string): Promise<void> {
  const { resolve } = createRequire(new URL(source, import.meta.url));
  const imports = (await readFile(source, "utf8")).matchAll(/^@import "(.+)";$/gm);
  const sheets = await Promise.all(Array.from(imports, ([, name = ""]) => readFile(resolve(name), "utf8")));
  // They name maps that are not in the package: Vite's server would print a stack for each.
  const sheet = sheets.join("\n").replaceAll(/\/\*# sourceMappingURL=.*?\*\//g, "");
  await writeFile(target, sheet);
  await copyFile(source.replace(".css", ".d.ts"), target.replace(".css", ".d.ts"));
}
