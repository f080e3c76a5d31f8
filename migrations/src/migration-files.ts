import { readdir, readFile } from "node:fs/promises";

const sqlDirectory = new URL("../sql/", import.meta.url);

/** One numbered file, without its ending. */
export interface MigrationFile {
  name: string;
  sql: string;
}

/** The numbered files, in the order in which they are applied. */
export async function readMigrationFiles(): Promise<MigrationFile[]> {
  const names = (await readdir(sqlDirectory)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -".sql".length),
      sql: await readFile(new URL(name, sqlDirectory), "utf8"),
    })),
  );
}
