import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const RESULTS: string = join(import.meta.dirname, "../../results");
const REPOSITORY = join(import.meta.dirname, "../../../..");

/** What the simulation is made of. */
const SOURCES = [
  "migrations/sql",
  ...["protocol", "storage", "uppy-spaces", "simulation"].map((name) => `packages/${name}/src`),
];

/** What came of some seeds, one after the other. */
export interface SeedResults {
  /** Of which source: a seed has another course with another one. */
  source: string;
  from: number;
  /** The first seed that was not lived through yet. */
  next: number;
  until: number;
  total: Totals;
  /** Each operation and each fault, by how often. */
  counts?: Counts;
  violations: { seed: number; wrongs: string[] }[];
}

export interface Counts {
  deeds: Record<string, number>;
  faults: Record<string, number>;
}

export interface Totals {
  seeds: number;
  operations: number;
  faults: number;
  storeCalls: number;
  statements: number;
  stored: number;
  looks: number;
  deliveries: number;
  seconds: number;
}

export interface MutantResult {
  name: string;
  what: string;
  /** `null`: not found. */
  seed: number | null;
  said: string;
}

export function readResults<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all: whoever is killed here has what was there before. */
export function writeResults(file: string, results: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** The same for the same source. */
export function nameOfSource(): string {
  const hash = createHash("sha256");
  for (const directory of SOURCES) {
    const names = readdirSync(join(REPOSITORY, directory), { recursive: true, encoding: "utf8" });
    for (const name of names.sort()) {
      if (!/\.(?:ts|sql)$/.test(name) || name.endsWith(".test.ts")) continue;
      hash.update(`${name}\0`).update(readFileSync(join(REPOSITORY, directory, name)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
