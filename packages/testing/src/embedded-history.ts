import { openEmbeddedDatabase } from "@audiotricks/embedded";
import { fillHistory, type HistoryOptions } from "./history.ts";

/**
 * Fills the database inside a server's data directory with a history; see `fillHistory`. The server must not run.
 *
 * @param dataDir What the server gets as `DATA_DIR`.
 */
export async function fillEmbeddedHistory(dataDir: string, options: HistoryOptions): Promise<void> {
  const { db, close } = await openEmbeddedDatabase(dataDir);
  try {
    await fillHistory(db, options);
  } finally {
    await close();
  }
}
