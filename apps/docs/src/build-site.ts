import { join } from "node:path";
import { build } from "vitepress";
import { root } from "./root.ts";

export const OUTPUT = join(root, "apps/docs/dist");

/** Builds all pages. A link that leads nowhere fails it. */
export async function buildSite(): Promise<void> {
  await build(join(root, "apps/docs/site"), { outDir: OUTPUT });
}
