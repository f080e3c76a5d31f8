import { execFileSync } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineConfig } from "tsdown";

// What is not here (`database`, `postgres`, `ceph`, …) is for tests in this repository: it needs servers of a Debian and Vitest's set-up.
export default defineConfig({
  entry: {
    playwright: "src/playwright.ts",
    contract: "src/contract.ts",
    audio: "src/audio.ts",
    // A worker, looked for beside the others.
    "lane-thread": "src/network/lane-thread.ts",
  },
  format: "esm",
  fixedExtension: false,
  dts: true,
  sourcemap: true,
  tsconfig: "../../tsconfig.json",
  hooks: { "build:done": () => addDemo("dist/demo") },
});

/** The page that is tested unless there is another, without the maps that it names. */
async function addDemo(folder: string): Promise<void> {
  execFileSync(process.execPath, ["../../scripts/build-demo.mjs"]);
  await cp("../../apps/demo/dist", folder, { recursive: true, filter: (source) => !source.endsWith(".map") });
  for (const name of await readdir(join(folder, "assets"))) {
    if (!/\.(js|css)$/.test(name)) continue;
    const path = join(folder, "assets", name);
    const text = await readFile(path, "utf8");
    await writeFile(
      path,
      text.replace(/\n\/\/# sourceMappingURL=.*\n?$|\n\/\*# sourceMappingURL=.*\*\/\n?$/, "\n"),
    );
  }
}
