import { isAboutOne } from "../database-failures.ts";

/** One course of work at a gathering: says what it wants written, or that it never will. */
export interface Seat<Item, Result> {
  write(item: Item): Promise<Result>;
  /** Safe to repeat, also after `write`. */
  leave(): void;
}

/**
 * Brings together what several courses of work want written, so that one statement does for all. It goes out when all
 * that have not left are waiting for it; or when the first has waited for long enough, since a store that takes minutes
 * over one file must not hold up the others. The late ones then make a statement of their own.
 *
 * @param seats How many seats there will be.
 * @param write Results in the order of its items. Where it fails because of what is in one of them, each is tried alone.
 */
export function createGathering<Item, Result>(options: {
  seats: number;
  patienceMs: number;
  write: (items: readonly Item[]) => Promise<readonly Result[]>;
}): () => Seat<Item, Result> {
  const { patienceMs, write } = options;
  let expected = options.seats;
  let waiting: Waiting<Item, Result>[] = [];
  let timer: NodeJS.Timeout | undefined;

  function arrive(): void {
    expected--;
    if (expected === 0) flush();
    else if (waiting.length > 0) timer ??= setTimeout(flush, patienceMs);
  }
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) void writeTogether(batch, write);
  }

  return () => {
    let hasArrived = false;
    return {
      write: (item) =>
        new Promise((resolve, reject) => {
          waiting.push({ item, resolve, reject });
          hasArrived = true;
          arrive();
        }),
      leave: () => {
        if (hasArrived) return;
        hasArrived = true;
        arrive();
      },
    };
  };
}

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

async function writeTogether<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<void> {
  try {
    const results = await write(batch.map(({ item }) => item));
    for (const [index, { resolve, reject }] of batch.entries()) {
      const result = results[index];
      if (result === undefined) reject(new Error("a write answered fewer results than it had items"));
      else resolve(result);
    }
  } catch (error) {
    if (batch.length > 1 && isAboutOne(error)) for (const one of batch) await writeTogether([one], write);
    else for (const { reject } of batch) reject(error);
  }
}
