import type { Ledger } from "../ledger.ts";

interface LogEntry {
  level: string;
  msg: string;
  err?: { type?: string; message?: string; code?: string; stack?: string; cause?: LogEntry["err"] };
}

const ABOVE_INFORMATION: ReadonlySet<string> = new Set(["warn", "error", "fatal"]);

/** What servers say above information: counted, and what they had not thought of is wrong. */
export function readLogLine(line: string, ledger: Ledger): void {
  if (!line.startsWith("{")) return;
  const { level, msg, err } = JSON.parse(line) as LogEntry;
  if (!ABOVE_INFORMATION.has(level)) return;
  const why = err === undefined ? "" : ` (${err.code ?? err.message})`;
  ledger.count(`log: ${msg}${why}`.replace(/:\d{4,5}\b/g, ":…").slice(0, 120));
  if (msg === "unexpected error") ledger.wrong(`a companion did not expect ${describe(err)}`);
}

function describe(err: LogEntry["err"]): string {
  if (err === undefined) return "something";
  const where = err.stack?.split("\n").slice(1, 14).join(" <") ?? "";
  const cause = err.cause === undefined ? "" : `, because of ${describe(err.cause)}`;
  return `${err.type} ${err.code ?? ""} ${err.message}${where}${cause}`;
}
