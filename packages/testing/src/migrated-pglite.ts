import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { migrate, readMigrationFiles } from "@audiotricks/migrations";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect } from "kysely";

const cacheDirectory = fileURLToPath(new URL("../node_modules/.cache/migrated-pglite/", import.meta.url));

const loaded = new Map<string, Promise<Blob>>();

/**
 * The data directory of a migrated PGlite, as `loadDataDir` takes it. Made once for each state of the migrations and
 * kept on disk, since a first start takes seconds and this a fraction of one.
 */
export async function loadMigratedPglite(): Promise<Blob> {
  return await load(await migratedName(), dumpMigratedPglite);
}

/** The same of a new PGlite, without our schema. */
export async function loadEmptyPglite(): Promise<Blob> {
  return await load(`empty-${hashOf([])}`, async () => {
    const pglite = await PGlite.create();
    try {
      return await pglite.dumpDataDir("none");
    } finally {
      await pglite.close();
    }
  });
}

/**
 * Makes a server's data directory as its first start would leave the database, for tests that are not about the first
 * start, which takes 14 s of processor instead of 7.
 *
 * @param dataDir What the server gets as `DATA_DIR`; must not have a database yet.
 */
export async function prepareEmbeddedDatabase(dataDir: string): Promise<void> {
  const name = await migratedName();
  await load(name, dumpMigratedPglite);
  const target = join(dataDir, "postgres");
  await mkdir(target, { recursive: true, mode: 0o700 });
  await promisify(execFile)("tar", ["-xf", pathOf(name), "-C", target]);
}

async function migratedName(): Promise<string> {
  return `migrated-${hashOf(await readMigrationFiles())}`;
}

/** Another PGlite makes other files. */
function hashOf(content: unknown): string {
  const pglite = createRequire(import.meta.url).resolve("@electric-sql/pglite");
  const { version } = JSON.parse(readFileSync(join(dirname(pglite), "../package.json"), "utf8"));
  return createHash("sha256")
    .update(JSON.stringify([version, content]))
    .digest("hex")
    .slice(0, 16);
}

function pathOf(name: string): string {
  return `${cacheDirectory}${name}.tar`;
}

function load(name: string, make: () => Promise<Blob>): Promise<Blob> {
  const loading = loaded.get(name) ?? loadOrMake(name, make);
  loaded.set(name, loading);
  return loading;
}

async function loadOrMake(name: string, make: () => Promise<Blob>): Promise<Blob> {
  const cached = await readFile(pathOf(name)).catch(() => undefined);
  if (cached !== undefined) return new Blob([cached]);

  const dump = await make();
  await mkdir(cacheDirectory, { recursive: true });
  // Many test processes may be at it: the last one wins, and all of them have the same bytes.
  const draft = `${pathOf(name)}.${randomUUID()}`;
  await writeFile(draft, new Uint8Array(await dump.arrayBuffer()));
  await rename(draft, pathOf(name));
  await removeOlder(name);
  return dump;
}

/** Of one kind, the newest is kept. */
async function removeOlder(name: string): Promise<void> {
  const [kind] = name.split("-");
  const others = (await readdir(cacheDirectory)).filter(
    (other) => other.startsWith(`${kind}-`) && other.endsWith(".tar") && other !== `${name}.tar`,
  );
  await Promise.all(others.map((other) => rm(`${cacheDirectory}${other}`, { force: true })));
}

async function dumpMigratedPglite(): Promise<Blob> {
  const pglite = await PGlite.create({ loadDataDir: await loadEmptyPglite() });
  try {
    await migrate(new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) }));
    return await pglite.dumpDataDir("none");
  } finally {
    await pglite.close();
  }
}
