import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What was seen while the suite ran, each in a file of its own: the last test searches all of it. */
export const EVIDENCE = {
  /** What the servers print. */
  log: "servers.log",
  /** What the command prints. */
  command: "command.log",
  /** Refusals, with headers and body. */
  refusals: "refusals.jsonl",
  /** What the webhook was sent. */
  events: "events.jsonl",
  /** Who connected to the trap. */
  trap: "trap.log",
  /** Who asked the redirector, by path. */
  redirector: "redirector.log",
  /** Secrets and signatures that were handed out on the way. */
  secrets: "secrets.txt",
} as const;

export function writeDown(folder: string, what: keyof typeof EVIDENCE, text: string): void {
  appendFileSync(join(folder, EVIDENCE[what]), text);
}

export function readBack(folder: string, what: keyof typeof EVIDENCE): string {
  const file = join(folder, EVIDENCE[what]);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
