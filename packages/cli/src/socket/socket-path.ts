import { join } from "node:path";

/** What `sun_path` holds, less its end; the rest would be cut off in silence. */
const MAX_BYTES = 103;

/** Where the server that has an embedded database listens for this command. */
export const socketPath = (dataDir: string): string => join(dataDir, "operator.sock");

/** Whether the system can have a socket there: Windows has none, and others only names of a certain length. */
export function canHaveSocket(path: string): boolean {
  return process.platform !== "win32" && Buffer.byteLength(path) <= MAX_BYTES;
}
