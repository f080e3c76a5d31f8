import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { PGlite } from "@electric-sql/pglite";
import { EmbeddedError } from "./embedded-error.ts";
import { lockDataDirectory } from "./lock-data-directory.ts";
import { databaseDirectory } from "./open-pglite.ts";

/**
 * Makes the database of a data directory that has none, from what `dumpDataDir` of another gave: all of it, or nothing.
 *
 * @throws {EmbeddedError} If there is a database, or the dump is none.
 */
export async function restoreEmbeddedDatabase(dataDir: string, dump: Blob): Promise<void> {
  const lock = lockDataDirectory(dataDir);
  const [target, draft] = [databaseDirectory(dataDir), `${databaseDirectory(dataDir)}.restoring`];
  try {
    if (existsSync(target))
      throw new EmbeddedError(`There is a database in ${dataDir} already: name a directory that has none.`);
    await rm(draft, { recursive: true, force: true });
    try {
      const pglite = await PGlite.create({ dataDir: draft, loadDataDir: dump });
      await pglite.query("SELECT name FROM kysely_migration LIMIT 1");
      await pglite.close();
    } catch (cause) {
      throw new EmbeddedError("The dump does not open as a database: nothing was restored.", { cause });
    }
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
    lock.release();
  }
}
