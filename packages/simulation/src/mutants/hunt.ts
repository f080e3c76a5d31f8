import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { say } from "../say.ts";
import { MUTANTS } from "./put-in.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Puts in one defect after the other, each in a process of its own. @returns The exit code: 0 if every one was found. */
export async function huntMutants(runs: string, only?: string): Promise<number> {
  const wanted = MUTANTS.filter(({ name }) => only === undefined || only.split(",").includes(name));
  let missed = 0;
  for (const { name, what } of wanted) {
    const said = await hear([MAIN, "--mutant", name, "--runs", runs]);
    const found = /^seed (\d+): (.*)$/m.exec(said);
    if (found === null) missed++;
    say(
      found === null ? `MISSED ${name}: ${what}\n${said}` : `found  ${name} by seed ${found[1]}: ${found[2]}`,
    );
  }
  say(`${wanted.length - missed} of ${wanted.length} mutants found`);
  return missed === 0 ? 0 : 1;
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
