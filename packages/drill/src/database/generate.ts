import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";

/** Users, their files and the log of what was asked of the store: of each as many as an installation would have. */
export async function generate(db: Kysely<Database>, files: number): Promise<void> {
  const users = Math.max(1, Math.ceil(files / 100));
  await sql`INSERT INTO users (name) SELECT 'Singer Nº ' || g || E' \\n"é"' FROM generate_series(1, ${users}::integer) g`.execute(
    db,
  );
  // By the same function as every upload, and in pieces, as its locks are held until the end of each.
  const { rows } = await sql<{ id: string }>`SELECT id FROM users`.execute(db);
  for (const [index, { id }] of rows.entries()) {
    const count = Math.min(100, files - index * 100);
    if (count <= 0) break;
    await sql`
      SELECT count(*) FROM generate_series(1, ${count}::integer) g
      CROSS JOIN LATERAL initiate_file_storage('take ' || g || '.wav', (g * 1000)::bigint, 'audio/wav', 'audio_file', ${id}::uuid, NULL, true)`.execute(
      db,
    );
  }
  await sql`
    INSERT INTO spaces_operations (operation_type, storage_path, http_method, duration_ms, success, started_at)
    SELECT 'upload', 'audio/' || md5(g::text), 'PUT', g % 900, g % 7 <> 0, now() - make_interval(secs => g)
    FROM generate_series(1, ${files * 4}::integer) g`.execute(db);
}

export interface Writer {
  /** Ids of users that the database has acknowledged, and when. */
  acknowledged: { id: string; at: Date }[];
  stop(): Promise<void>;
}

/** People who go on working, whatever is being backed up. */
export function writeOn(db: Kysely<Database>): Writer {
  const acknowledged: Writer["acknowledged"] = [];
  const stopping = new AbortController();
  const working = work();
  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const { rows } = await sql<{ id: string; at: Date }>`
        INSERT INTO users (name) VALUES ('Late') RETURNING id, clock_timestamp() AS at`.execute(db);
      acknowledged.push(...rows);
      await delay(10);
    }
  }
  return {
    acknowledged,
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}
