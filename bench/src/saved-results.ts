import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";

const RESULTS = join(import.meta.dirname, "../results");

/** `null` where nothing is saved. What is there was written by `saveResult`, and is trusted to be of that type. */
export async function readResult<Result>(name: string): Promise<Result | null> {
  try {
    return JSON.parse(await readFile(pathOf(name), "utf8")) as Result;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

export async function saveResult(name: string, result: object): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  // An interrupted write must not cost what was measured before.
  await writeFile(`${pathOf(name)}.part`, `${JSON.stringify(result, null, 2)}\n`);
  await rename(`${pathOf(name)}.part`, pathOf(name));
}

/** As much as a reader needs to know what the figures are worth. */
export function describeMachine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const kernel = release().split(".").slice(0, 2).join(".");
  const processor = `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}`;
  return `${processor}, ${memory} GiB, ${process.platform} ${kernel}, Node ${process.versions.node}`;
}

function pathOf(name: string): string {
  return join(RESULTS, `${name}.json`);
}
