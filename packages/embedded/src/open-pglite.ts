import { join } from "node:path";
import type { Database } from "@audiotricks/storage";
import { PGlite, types } from "@electric-sql/pglite";
import { Kysely, PGliteDialect } from "kysely";

export interface EmbeddedDatabase {
  pglite: PGlite;
  db: Kysely<Database>;
  close: () => Promise<void>;
}

/**
 * PostgreSQL touches all of its shared buffers when it starts, 128 MiB unless told otherwise: more than the rest of the
 * companion. What does not fit is read from the system's file cache, which is as fast for tables of this size.
 */
const BUFFERS = "8MB";

/** Where it is in a data directory. */
export const databaseDirectory = (dataDir: string): string => join(dataDir, "postgres");

/** PGlite under the data directory, which must be locked: it has no lock of its own. It is made if absent. */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  const pglite = await PGlite.create({
    dataDir: databaseDirectory(dataDir),
    // Sizes and counts: JavaScript's numbers hold them exactly.
    parsers: { [types.INT8]: Number },
    startParams: [...PGlite.defaultStartParams, "-c", `shared_buffers=${BUFFERS}`],
  });
  const db = new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) });
  return {
    pglite,
    db,
    close: async () => {
      await db.destroy();
      if (!pglite.closed) await pglite.close();
    },
  };
}
