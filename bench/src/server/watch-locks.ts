import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "@audiotricks/storage";
import type { TestDatabase } from "@audiotricks/testing/database";

const EVERY_MS = 25;

/** Looks again and again whether somebody waits for a lock of another transaction. */
export interface LockWatch {
  /** Times that it looked, and found somebody waiting. */
  end(): Promise<{ looks: number; waiting: number }>;
}

export function watchLocks({ pool }: TestDatabase<Database>): LockWatch {
  const ending = new AbortController();
  const counts = { looks: 0, waiting: 0 };
  const watching = (async () => {
    while (!ending.signal.aborted) {
      const { rows } = await pool.query<{ waiting: boolean }>(
        // Those of rows are locks of the transaction that has the row.
        `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) AS waiting`,
      );
      counts.looks++;
      if (rows[0]?.waiting === true) counts.waiting++;
      await delay(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    end: async () => {
      ending.abort();
      await watching;
      return counts;
    },
  };
}
