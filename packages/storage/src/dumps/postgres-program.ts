import { execFile, spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { OperatorError } from "../operator/operator-error.ts";
import type { LibpqConnection } from "./libpq-url.ts";

type Program = "pg_dump" | "pg_restore";

/** Of what a program says on stderr; the last lines say why. */
const KEPT_TEXT = 4_000;

/**
 * The program of the server's own major version: an older one refuses, and a newer one writes what the server's own cannot read.
 *
 * @param directory Of the operator's; by default where the distributions put it, then `PATH`.
 * @throws {OperatorError} `dump_tools_missing`, with the package to install.
 */
export async function findProgram(
  program: Program,
  serverVersion: string,
  { directory, path = process.env.PATH ?? "" }: { directory?: string | undefined; path?: string } = {},
): Promise<string> {
  const major = majorOf(serverVersion);
  const usual = [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`, ...path.split(delimiter)];
  const found = new Set<number>();
  for (const place of directory === undefined ? usual.filter((one) => one !== "") : [directory]) {
    const version = await versionOf(join(place, program));
    if (version === major) return join(place, program);
    if (version !== undefined) found.add(version);
  }
  const others = found.size === 0 ? "" : ` There is one of ${[...found].join(" and ")}.`;
  throw new OperatorError(
    "dump_tools_missing",
    `The server is PostgreSQL ${major}, and its ${program} is not here.${others} Install it (apt-get install postgresql-client-${major}), or set POSTGRES_BIN to its directory.`,
  );
}

export function majorOf(serverVersion: string): number {
  return Number.parseInt(serverVersion, 10);
}

async function versionOf(file: string): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, ["--version"], { timeout: 10_000 });
    return majorOf(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1] ?? "");
  } catch {
    return undefined;
  }
}

export interface RunningProgram {
  stdin: Writable;
  stdout: Readable;
  /** Resolves at its end with what it said; `undefined` where it has done what it should. Never rejects. */
  ended: Promise<string | undefined>;
  kill(): void;
}

export function runProgram(
  file: string,
  args: string[],
  { env, redact }: LibpqConnection,
  signal: AbortSignal | undefined,
): RunningProgram {
  const child = spawn(file, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-KEPT_TEXT);
  });
  const kill = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  if (signal?.aborted === true) kill();
  // Of one that ends before it has read all: how it ended says why.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, killedBy) => {
      signal?.removeEventListener("abort", kill);
      if (code === 0) resolve(undefined);
      else resolve(redact(said.trim()) || `ended by ${killedBy ?? `code ${code}`}`);
    });
  });
  return { stdin: child.stdin, stdout: child.stdout, ended, kill };
}
