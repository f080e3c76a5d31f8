import { type Kysely, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";

/** Counts the URLs that were issued for files, and notes when, without a write for each. */
export interface AccessLog {
  record(fileId: string): void;
  /** Writes out what was counted. */
  flush(): Promise<void>;
}

const FLUSH_AFTER_MS = 1_000;

/** What is not yet written is lost with the process: a count is not worth a write for every read. */
export function createAccessLog(
  { db, clock }: { db: Kysely<Database>; clock: Clock },
  onError: (error: unknown) => void,
): AccessLog {
  let counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = counts;
    if (batch.size === 0) return;
    counts = new Map();
    try {
      await add([...batch].map(([id, count]) => ({ id, count })));
    } catch (error) {
      for (const [id, count] of batch) counts.set(id, (counts.get(id) ?? 0) + count);
      throw error;
    }
  }
  async function add(rows: { id: string; count: number }[]): Promise<void> {
    await sql`
      WITH accesses AS MATERIALIZED (
        SELECT f.id, a.count FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS a (id uuid, count integer)
        JOIN file_storage f ON f.id = a.id
        ORDER BY f.id
        FOR UPDATE OF f
      )
      UPDATE file_storage f
      SET download_count = f.download_count + a.count, last_accessed_at = ${clock.now()}
      FROM accesses a WHERE f.id = a.id`.execute(db);
  }
  function flush(): Promise<void> {
    writing = writing.then(write, write);
    return writing;
  }

  return {
    record: (fileId) => {
      counts.set(fileId, (counts.get(fileId) ?? 0) + 1);
      timer ??= setTimeout(() => void flush().catch(onError), FLUSH_AFTER_MS).unref();
    },
    flush,
  };
}
