import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type MutantResult, readResults, writeResults } from "../report/results.ts";
import { MUTANT_RESULTS, writeReport } from "../report/write-report.ts";
import { say } from "../say.ts";
import type { Mutant } from "./mutant.ts";
import { getMutant, MUTANTS } from "./put-in.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/**
 * Puts in one defect after the other, each in a process of its own, and writes down which seed found it.
 *
 * @param only Names, by commas.
 * @returns The exit code: 0 if every one was found.
 * @throws {Error} If one of the names is none.
 */
export async function huntMutants(runs: string, only?: string): Promise<number> {
  const wanted = only === undefined ? MUTANTS : only.split(",").map(getMutant);
  const results = new Map(
    readResults<MutantResult[]>(MUTANT_RESULTS)?.map((result) => [result.name, result]),
  );
  let missed = 0;
  for (const mutant of wanted) {
    const result = await hunt(mutant, runs);
    if (result.seed === null) missed++;
    results.set(mutant.name, result);
    writeResults(
      MUTANT_RESULTS,
      MUTANTS.flatMap(({ name }) => results.get(name) ?? []),
    );
    writeReport();
  }
  say(`${wanted.length - missed} of ${wanted.length} mutants found`);
  return missed === 0 ? 0 : 1;
}

async function hunt({ name, what }: Mutant, runs: string): Promise<MutantResult> {
  const said = await hear([MAIN, "--mutant", name, "--runs", runs]);
  const found = /^seed (\d+): (.*)$/m.exec(said);
  // One that no longer runs is not found, however loudly it fails.
  if (/\b(?:ReferenceError|SyntaxError)\b/.test(said)) {
    say(`BROKEN ${name}: ${said}`);
    return { name, what, seed: null, said: "" };
  }
  say(
    found === null ? `MISSED ${name}: ${what}\n${said}` : `found  ${name} by seed ${found[1]}: ${found[2]}`,
  );
  return { name, what, seed: found === null ? null : Number(found[1]), said: found?.[2] ?? "" };
}

function hear(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += String(data)));
    child.on("error", reject);
    child.on("close", () => resolve(said));
  });
}
