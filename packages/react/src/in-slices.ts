/** How long one slice of work may hold the page, in milliseconds: half of a frame. */
const SLICE_MS = 8;

/** Work on many items that lets the page live. */
export interface Slices<Item> {
  /** Does the first slice at once, or later if there is work left from before. */
  push: (items: readonly Item[]) => void;
  /** Items that wait. */
  waiting: () => number;
  /** What waits is dropped; what is pushed later is done. */
  stop: () => void;
}

/**
 * A drop of ten thousand files is seconds of work: it is done in slices, and between them the page draws and answers. One
 * slice follows the other by message: in a page that nobody looks at, idle callbacks and frames do not come, and timers that
 * follow each other come once a second, later once a minute. Only the first slice may wait for a timer, which is then a second.
 *
 * @param batchSize Items handed to `work` at once.
 * @param delayMs How long the first slice waits, to be joined by what comes meanwhile; 0 is at once.
 */
export function inSlices<Item>(
  work: (items: Item[]) => void,
  { batchSize, delayMs = 0 }: { batchSize: number; delayMs?: number },
): Slices<Item> {
  let queue: Item[] = [];
  let done = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isRunning = false;
  /** The message that the next slice waits for; one that comes after `stop` is nobody's any more. */
  let awaited: object | undefined;

  const runSoon = () => {
    const message = {};
    awaited = message;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      if (awaited === message) run();
    };
    port2.postMessage(null);
  };

  const run = () => {
    timer = undefined;
    awaited = undefined;
    isRunning = true;
    const until = performance.now() + SLICE_MS;
    try {
      do {
        const batch = queue.slice(done, done + batchSize);
        done += batch.length;
        work(batch);
      } while (done < queue.length && performance.now() < until);
    } finally {
      isRunning = false;
      if (done < queue.length) runSoon();
      else {
        queue = [];
        done = 0;
      }
    }
  };

  return {
    push: (items) => {
      if (items.length === 0) return;
      queue = queue.length === 0 ? [...items] : queue.concat(items);
      if (isRunning || timer !== undefined || awaited !== undefined) return;
      if (delayMs === 0) run();
      else timer = setTimeout(run, delayMs);
    },
    waiting: () => queue.length - done,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
      awaited = undefined;
      queue = [];
      done = 0;
    },
  };
}
