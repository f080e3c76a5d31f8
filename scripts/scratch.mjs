import { chmodSync, existsSync, mkdtempSync, statfsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** What a whole run needs at most is some 4 GiB, beside the processes themselves. */
const ROOM = 8 * 1024 ** 3;

/**
 * A folder for all that tests write: in memory where there is plenty, since a new database takes 20 ms there and 400 on a disk.
 * Everybody may look in: PostgreSQL runs as another user when we are root.
 */
export function makeScratch() {
  const scratch = mkdtempSync(join(isRoomy(MEMORY) ? MEMORY : tmpdir(), "at-test-"));
  chmodSync(scratch, 0o755);
  return scratch;
}

function isRoomy(folder) {
  if (!existsSync(folder) || freemem() < ROOM) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= ROOM;
}
