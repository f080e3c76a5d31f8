import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createServer } from "vite";
import type { Stack } from "./stack.ts";

const workspace = join(import.meta.dirname, "../..");
const demo = join(workspace, "apps/demo");

/**
 * The demo as somebody has it open who is working on it: React's development build, where StrictMode mounts everything
 * twice, and modules that are replaced as soon as their file is saved. It is a copy, so that a test may edit it.
 */
export interface DevSite extends AsyncDisposable {
  url: string;
  /** Saves a change to a module of the page. @throws If `before` is not in it: the change would be none. */
  edit(module: string, before: string, after: string): Promise<void>;
}

/** @param folder Where the copy goes; has to be removed by whoever made it. */
export async function serveDevSite(stack: Stack, folder: string): Promise<DevSite> {
  const root = join(folder, "demo");
  for (const part of ["index.html", "public", "src"]) {
    await cp(join(demo, part), join(root, part), { recursive: true });
  }
  await symlink(join(demo, "node_modules"), join(root, "node_modules"));
  const target = { target: stack.server.url };
  const site = await createServer({
    root,
    configFile: join(demo, "vite.config.ts"),
    cacheDir: join(folder, "vite"),
    logLevel: "error",
    server: {
      host: "127.0.0.1",
      // The store lets in pages of known origins alone.
      port: stack.guestPort,
      strictPort: true,
      fs: { allow: [folder, workspace] },
      proxy: { "/v1": target, "/demo": target },
    },
  });
  await site.listen();
  return {
    url: `http://127.0.0.1:${stack.guestPort}`,
    edit: async (module, before, after) => {
      const path = join(root, "src", module);
      const text = await readFile(path, "utf8");
      if (!text.includes(before)) throw new Error(`${module} does not contain ${before}`);
      await writeFile(path, text.replace(before, after));
    },
    [Symbol.asyncDispose]: () => site.close(),
  };
}
