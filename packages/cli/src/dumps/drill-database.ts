import { randomUUID } from "node:crypto";
import { openDump, readDatabaseFacts, type Storage, sealDump } from "@audiotricks/storage";
import { sql } from "kysely";
import type { Site } from "../command.ts";
import { openDatabase } from "../open-database.ts";
import { requireKeyring } from "../require-keyring.ts";
import {
  compareImages,
  type DatabaseImage,
  type Difference,
  imageOf,
  sequencesOf,
} from "./compare-databases.ts";
import { dumpSourceOf, postgresPlaceOf, siblingUrl } from "./database-place.ts";
import { dropDatabase, restoreInto } from "./target-database.ts";

export interface DrillReport {
  /** Of the dump in the bucket; null where it went to nowhere but the scratch database. */
  key: string | null;
  tables: number;
  rows: number;
  /** Columns, indexes, constraints, functions, triggers and views. */
  objects: number;
  /** Sealed bytes. */
  size: number;
  dumpMs: number | null;
  restoreMs: number;
  compareMs: number;
  differences: Difference[];
}

/**
 * Backs the database up as it is at one moment, restores that into a database of its own, and compares all of it with that moment,
 * while servers go on with their work. The scratch database is gone afterwards, whatever comes of it.
 *
 * @param where.providerId By way of its bucket: the dump stays there, and is as good as any.
 * @param where.onRestored For tests: told of the scratch database before it is compared.
 */
export async function drillDatabase(
  site: Site,
  where: {
    databaseUrl: string;
    providerId?: string | undefined;
    storage: Storage;
    onRestored?: (url: string) => Promise<void>;
  },
): Promise<DrillReport> {
  const { db, terminal, settings } = site;
  const keyring = requireKeyring(settings);
  const signal = terminal.interrupted;
  const scratch = siblingUrl(where.databaseUrl, `drill_${randomUUID().replaceAll("-", "")}`);
  // What the dump is of stays to be seen for as long as this is open.
  return await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (trx) => {
      const { rows: exported } = await sql<{ id: string; asOf: Date }>`
        SELECT pg_export_snapshot() AS id, now() AS "asOf"`.execute(trx);
      const [{ id: snapshot, asOf } = { id: "", asOf: new Date(0) }] = exported;
      const source = dumpSourceOf(site, { snapshot, asOf });
      // No snapshot holds them: the dump has something between this and what they are at afterwards.
      const earlier = await sequencesOf(db);
      const start = performance.now();
      const dump = await bytesOf();
      const dumped = performance.now();
      const { header, content } = await openDump(dump.bytes, keyring);
      try {
        const place = postgresPlaceOf(site, scratch);
        await restoreInto({ place, header, content, hasPrivileges: true, signal });
        await where.onRestored?.(scratch);
        const restored = performance.now();
        const later = await sequencesOf(db);
        const expected = { ...(await imageOf(trx)), sequences: earlier };
        const differences = compareImages(expected, await imageAt(scratch), later);
        const counts = [...expected.tables.values()];
        return {
          key: dump.key,
          tables: counts.length,
          rows: counts.reduce((sum, { rows }) => sum + rows, 0),
          objects: expected.objects.size,
          size: dump.size(),
          dumpMs: dump.key === null ? null : Math.round(dumped - start),
          restoreMs: Math.round(restored - dumped),
          compareMs: Math.round(performance.now() - restored),
          differences,
        };
      } finally {
        await dropDatabase(scratch);
      }

      async function bytesOf(): Promise<{
        key: string | null;
        bytes: AsyncIterable<Uint8Array>;
        size: () => number;
      }> {
        const { providerId, storage } = where;
        if (providerId !== undefined) {
          const { key, size } = await storage.dumps.create({ source, providerId, keyring, signal });
          const { bytes } = await storage.dumps.read({ providerId, from: key, signal });
          return { key, bytes, size: () => size };
        }
        const { startedAt: _now, ...facts } = await readDatabaseFacts(db);
        const about = {
          id: randomUUID(),
          engine: source.engine,
          startedAt: asOf.toISOString(),
          ...facts,
        };
        let size = 0;
        const sealed = sealDump(source.open(facts.serverVersion, signal), about, keyring);
        const counted = async function* () {
          for await (const piece of sealed) {
            size += piece.length;
            yield piece;
          }
        };
        return { key: null, bytes: counted(), size: () => size };
      }
    });
}

async function imageAt(databaseUrl: string): Promise<DatabaseImage> {
  const db = await openDatabase(databaseUrl, { needsNoSchema: true });
  try {
    return await db.transaction().setAccessMode("read only").execute(imageOf);
  } finally {
    await db.destroy();
  }
}
