import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview } from "vite";

const root = join(import.meta.dirname, "../stock-uppy");

/** Builds and serves the page with an unmodified `@uppy/aws-s3`, at an origin of its own. */
export async function serveStockUppy(port: number): Promise<AsyncDisposable> {
  const outDir = await mkdtemp(join(tmpdir(), "at-stock-"));
  const settings = { root, configFile: false, logLevel: "error" } as const;
  await build({ ...settings, build: { outDir, emptyOutDir: true } });
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
