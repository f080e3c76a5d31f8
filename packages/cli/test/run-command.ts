import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { runCli, type Terminal } from "../src/index.ts";
import { OUTPUTS } from "../src/outputs.ts";
import { readInput } from "../src/read-input.ts";
import type { CommandSite } from "../src/run-cli.ts";
import { saveFile } from "../src/save-file.ts";

export interface CommandRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Who types the commands of tests. */
export const ACTOR = "alice@test";

export const ENCRYPTION_KEY = randomBytes(32).toString("base64");

/** The command as a process would run it, in a directory without `.env`. */
export async function runCommand(
  args: string[],
  options: {
    env?: Record<string, string>;
    stdin?: string;
    directory?: string;
    interrupted?: AbortSignal;
    /** How far the command's clock is ahead. */
    aheadMs?: number;
    /** Of a server that runs it. */
    site?: CommandSite;
    /** Gets what it writes, where that is no text. */
    written?: Buffer[];
  } = {},
): Promise<CommandRun> {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [options.written ?? [], []];
  const { directory = tmpdir() } = options;
  const stdin = Readable.from([options.stdin ?? ""]);
  const terminal: Terminal = {
    env: options.env ?? {},
    actor: ACTOR,
    directory,
    isTyped: false,
    read: (file) => readInput(file, { stdin, directory }),
    save: (file, bytes) => saveFile(resolve(directory, file), bytes),
    now: () => new Date(Date.now() + (options.aheadMs ?? 0)),
    write: (text) => void stdout.push(Buffer.from(text as string)),
    say: (text) => void stderr.push(Buffer.from(text as string)),
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const exitCode = await runCli(args, terminal, options.site);
  const run = {
    exitCode,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
  if (args.includes("--json") && !args.includes("--help") && run.stdout !== "")
    requireDocumented(args, run.stdout);
  return run;
}

/** Every document that any test has a command print is one that `--help --json` describes. */
function requireDocumented([first = "", second = ""]: string[], stdout: string): void {
  const output = OUTPUTS[`${first} ${second}`] ?? OUTPUTS[first];
  if (output === undefined) throw new Error(`what ${first} prints is described nowhere`);
  output.parse(JSON.parse(stdout));
}

/** With `--json`; its one document. */
export async function runJson<Result>(
  args: string[],
  options: Parameters<typeof runCommand>[1] = {},
): Promise<Result> {
  const { exitCode, stdout, stderr } = await runCommand([...args, "--json"], options);
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as Result;
}
