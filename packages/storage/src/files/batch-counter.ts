/** Counts what happens to rows, without a write for each time. */
export interface BatchCounter {
  record(id: string): void;
  /** Writes out what was counted. */
  flush(): Promise<void>;
}

const FLUSH_AFTER_MS = 1_000;

/** What is not yet written is lost with the process: a count is not worth a write for every read. */
export function createBatchCounter(
  add: (rows: { id: string; count: number }[]) => Promise<void>,
  onError: (error: unknown) => void,
): BatchCounter {
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
  function flush(): Promise<void> {
    writing = writing.then(write, write);
    return writing;
  }

  return {
    record: (id) => {
      counts.set(id, (counts.get(id) ?? 0) + 1);
      timer ??= setTimeout(() => void flush().catch(onError), FLUSH_AFTER_MS).unref();
    },
    flush,
  };
}
