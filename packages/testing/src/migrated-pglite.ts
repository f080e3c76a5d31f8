import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { migrate, readMigrationFiles } from "@audiotricks/migrations";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect } from "kysely";

const cacheDirectory = fileURLToPath(new URL("../node_modules/.cache/migrated-pglite/", import.meta.url));

let loading: Promise<Blob> | undefined;

/**
 * The data directory of a migrated PGlite, as `loadDataDir` takes it. Made once for each state of the migrations and
 * kept on disk, since a first start takes seconds and this a fraction of one.
 */
export function loadMigratedPglite(): Promise<Blob> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Blob> {
  const files = await readMigrationFiles();
  const name = `${createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16)}.tar`;
  const path = `${cacheDirectory}${name}`;
  const cached = await readFile(path).catch(() => undefined);
  if (cached !== undefined) return new Blob([cached]);

  const dump = await dumpMigratedPglite();
  await mkdir(cacheDirectory, { recursive: true });
  // Many test processes may be at it: the last one wins, and all of them have the same bytes.
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, new Uint8Array(await dump.arrayBuffer()));
  await rename(draft, path);
  const others = (await readdir(cacheDirectory)).filter((other) => other.endsWith(".tar") && other !== name);
  await Promise.all(others.map((other) => rm(`${cacheDirectory}${other}`, { force: true })));
  return dump;
}

async function dumpMigratedPglite(): Promise<Blob> {
  const pglite = await PGlite.create();
  try {
    await migrate(new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) }));
    return await pglite.dumpDataDir("none");
  } finally {
    await pglite.close();
  }
}
