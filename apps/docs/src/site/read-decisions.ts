import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../root.ts";

/** The files of `decisions/` in their order, with what each is called. */
export function readDecisions(): { file: string; title: string }[] {
  const folder = join(root, "decisions");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".md"))
    .sort()
    .map((file) => {
      const title = /^# (.+)$/m.exec(readFileSync(join(folder, file), "utf8"))?.[1];
      if (title === undefined) throw new Error(`decisions/${file} has no title.`);
      return { file, title };
    });
}
