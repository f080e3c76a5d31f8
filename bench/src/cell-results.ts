import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { Run } from "./measure-run.ts";
import type { Workload } from "./workload.ts";

/** One row of the matrix: every contender with one workload over one link. */
export interface RowResult {
  link: string;
  workload: string;
  /** What carried the bytes. */
  carriedBy: string;
  machine: string;
  /** ISO 8601, of the last run. */
  measuredAt: string;
  contenders: Record<string, ContenderResult>;
}

export interface ContenderResult {
  /** What it was given, which may be less than others. */
  workload: Workload;
  runs: Run[];
  /** What became of the runs that did not finish. */
  failures: string[];
}

const FOLDER = join(import.meta.dirname, "../results");

export function describeMachine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.versions.node}`;
}

export async function readRow(link: string, workload: string): Promise<RowResult | null> {
  try {
    // Written by `saveRow`.
    return JSON.parse(await readFile(pathOf(link, workload), "utf8")) as RowResult;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export async function saveRow(row: RowResult): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const path = pathOf(row.link, row.workload);
  // An interrupted write must not cost what was measured before.
  await writeFile(`${path}.part`, `${JSON.stringify(row, null, 2)}\n`);
  await rename(`${path}.part`, path);
}

function pathOf(link: string, workload: string): string {
  return join(FOLDER, `${link}-${workload}.json`);
}
