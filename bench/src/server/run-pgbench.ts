import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CapturedStart } from "./captured-statements.ts";
import type { MeasuredPostgres } from "./open-server.ts";

/** What the first statement answers, and all later ones are about. */
const SESSION = "session_id";
const KEY = "key";

/**
 * Has pgbench send the very statements of a start, on so many connections, as the driver sends them: parsed, bound and executed
 * each time. Only the session that the first answers and the key that must be new are pgbench's own.
 *
 * @param how.transactions Of each connection.
 * @returns Milliseconds of each transaction, and of pgbench's own processor time.
 */
export async function runPgbench(
  { bin }: MeasuredPostgres,
  databaseUrl: string,
  start: CapturedStart,
  { transactions, clients }: { transactions: number; clients: number },
): Promise<{ times: number[]; processorMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), "at-pgbench-"));
  try {
    const { script, variables } = toScript(start);
    await writeFile(join(folder, "start.sql"), script);
    const child = spawn(
      "sh",
      [
        // What it has cost is told by the shell that ran it.
        "-c",
        '"$@" >/dev/null && times',
        "sh",
        join(bin, "pgbench"),
        "--no-vacuum",
        "--protocol=extended",
        `--client=${clients}`,
        `--transactions=${transactions}`,
        "--log",
        `--log-prefix=${join(folder, "log")}`,
        `--file=${join(folder, "start.sql")}`,
        ...variables.map(([name, value]) => `--define=${name}=${value}`),
        databaseUrl,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let said = "";
    let spent = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      spent += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const [status] = (await once(child, "close")) as [number | null];
    if (status !== 0) throw new Error(`pgbench: ${said}`);
    const logs = (await readdir(folder)).filter((name) => name.startsWith("log."));
    if (logs.length === 0) throw new Error("pgbench wrote no log");
    const texts = await Promise.all(logs.map((log) => readFile(join(folder, log), "utf8")));
    // Client, number, microseconds, …
    const times = texts.flatMap((text) =>
      text
        .trim()
        .split("\n")
        .map((line) => Number(line.split(" ")[2]) / 1000),
    );
    return { times, processorMs: childrenMs(spent) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of `times`: the second line is of what the shell ran, as `0m1.230s 0m0.450s`. */
function childrenMs(said: string): number {
  const parts = [...(said.trim().split("\n").at(1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`What pgbench has cost is not known: ${said}`);
  return parts.reduce(
    (ms, [, minutes, seconds]) => ms + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}

function toScript({ statements, sessionId, idempotencyKey }: CapturedStart): {
  script: string;
  variables: [string, string][];
} {
  const variables: [string, string][] = [];
  const lines = statements.map(({ sql, parameters }, number) => {
    const text = sql.replaceAll(/\$(\d+)/g, (_, position: string) => {
      const value = parameters[Number(position) - 1];
      if (value === null) return "NULL";
      if (value === sessionId) return `:${SESSION}`;
      if (value === idempotencyKey) return `:${KEY}`;
      const name = `s${number}_${position}`;
      if (!variables.some(([known]) => known === name)) variables.push([name, textOf(value)]);
      return `:${name}`;
    });
    return `${text}${number === 0 ? " \\gset" : ";"}`;
  });
  return { script: [`\\set ${KEY} random(1, 9000000000000000000)`, ...lines, ""].join("\n"), variables };
}

/** As the driver writes a parameter. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error("A start has parameters that pgbench cannot be given.");
}
