import { isAboutOne } from "./database-failures.ts";

/** Writes rows in batches, in nobody's way. */
export interface BatchWriter<Row> {
  /** Within a second or so. */
  add: (row: Row) => void;
  /** What is waiting, now. Rejects if the database does not take it; it goes on waiting then. */
  flush: () => Promise<void>;
}

const FLUSH_AFTER_MS = 1_000;
const BATCH_SIZE = 500;

export interface BatchWriterOptions<Row> {
  insert: (rows: readonly Row[]) => Promise<void>;
  onError: (error: unknown) => void;
  /** With the database away longer than this lasts, entries go: memory is worth more than a log. */
  maxWaiting: number;
  /** Which go then. A log that is to bear witness loses the new ones, so that nobody can push out what they did. */
  whenFull: "drop-oldest" | "drop-newest";
}

export function createBatchWriter<Row>(options: BatchWriterOptions<Row>): BatchWriter<Row> {
  const { insert, onError, maxWaiting, whenFull } = options;
  let waiting: Row[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_SIZE);
      try {
        await insert(batch);
      } catch (error) {
        if (!isAboutOne(error)) throw error;
        // One that the table does not take must not keep out the others, now and for ever.
        for (const row of batch) await insert([row]).catch(onError);
      }
      const written = new Set(batch);
      waiting = waiting.filter((row) => !written.has(row));
    }
  }
  function flush(): Promise<void> {
    writing = writing.then(write, write);
    return writing;
  }

  return {
    add: (row) => {
      if (waiting.length >= maxWaiting) {
        if (whenFull === "drop-newest") return;
        waiting.shift();
      }
      waiting.push(row);
      timer ??= setTimeout(() => void flush().catch(onError), FLUSH_AFTER_MS).unref();
    },
    flush,
  };
}
