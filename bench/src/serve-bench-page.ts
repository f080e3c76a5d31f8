import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview } from "vite";

const root = join(import.meta.dirname, "../page");

/** Builds and serves the page that holds the contenders, at an origin of its own. */
export async function serveBenchPage(port: number): Promise<AsyncDisposable> {
  const outDir = await mkdtemp(join(tmpdir(), "at-bench-page-"));
  const settings = { root, configFile: false, logLevel: "error" } as const;
  await build({ ...settings, build: { outDir, emptyOutDir: true, chunkSizeWarningLimit: 10_000 } });
  const site = await preview({
    ...settings,
    build: { outDir },
    preview: { host: "127.0.0.1", port, strictPort: true },
  });
  return {
    async [Symbol.asyncDispose]() {
      await site.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
