import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { EmbeddedError } from "./embedded-error.ts";
import { makeDirectory } from "./make-directory.ts";
import { processIdentity } from "./process-identity.ts";

/**
 * One process per data directory: PGlite has no lock of its own, and two on one directory lose rows silently.
 *
 * A lock is a file `lock.<generation>` that says who holds it. Whoever finds the newest generation released, or its
 * holder dead, makes the next one; the file system lets exactly one make it. Generations never go back and the
 * newest file is never removed, so there is no moment in which taking over a dead lock can remove a living one.
 */
export interface DirectoryLock {
  release(): void;
}

export class DirectoryLockedError extends EmbeddedError {}

const holder = z.object({ pid: z.int(), identity: z.string(), host: z.string(), released: z.boolean() });
type Holder = z.infer<typeof holder>;

/** @throws {DirectoryLockedError} If another process holds it; the message names the process and the mend. */
export function lockDirectory(directory: string): DirectoryLock {
  makeDirectory(directory);
  const me: Holder = {
    pid: process.pid,
    identity: processIdentity(process.pid) ?? "unknown",
    host: hostname(),
    released: false,
  };
  // Each lost race means that another process made progress; this many in a row does not happen.
  for (let attempt = 0; attempt < 100; attempt++) {
    const newest = generations(directory).at(-1) ?? 0;
    refuseIfHeld(directory, newest);
    const mine = newest + 1;
    if (!claim(directory, mine, me)) continue;
    // A listing taken while others come and go may have missed a newer one: only the newest counts.
    if (generations(directory).at(-1) !== mine) {
      rmSync(lockFile(directory, mine), { force: true });
      continue;
    }
    for (const older of generations(directory).slice(0, -1))
      rmSync(lockFile(directory, older), { force: true });
    return {
      release: () => writeFileSync(lockFile(directory, mine), JSON.stringify({ ...me, released: true })),
    };
  }
  throw new DirectoryLockedError(`Could not lock ${directory}: other processes keep taking it.`);
}

function lockFile(directory: string, generation: number): string {
  return join(directory, `lock.${generation}`);
}

/** Ascending. */
function generations(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((name) => /^lock\.(\d{1,15})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Written elsewhere and linked into place, so that nobody ever reads half a lock. */
function claim(directory: string, generation: number, me: Holder): boolean {
  const draft = join(directory, `.lock-draft.${crypto.randomUUID()}`);
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    linkSync(draft, lockFile(directory, generation));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

function refuseIfHeld(directory: string, generation: number): void {
  if (generation === 0) return;
  const file = lockFile(directory, generation);
  const other = readHolder(file);
  if (other === undefined || other.released) return;
  if (other.host !== hostname())
    throw new DirectoryLockedError(
      `${directory} is in use by process ${other.pid} on ${other.host}. If that machine is gone, delete ${file}; otherwise set DATA_DIR to another directory.`,
    );
  if (processIdentity(other.pid) !== other.identity) return; // dead, or another process by the same number
  throw new DirectoryLockedError(
    `${directory} is in use by process ${other.pid}. Stop that one (kill ${other.pid}), or set DATA_DIR to another directory.`,
  );
}

/** `undefined` for a file that is gone again, or was cut short by a crash of the machine: neither holds anything. */
function readHolder(file: string): Holder | undefined {
  try {
    return holder.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
