/** How long an answer is good for, and how long one scrape waits for it. */
export interface CachedReadOptions {
  ttlMs: number;
  timeoutMs: number;
  /** Told of the first failure in a row. */
  onError: (error: unknown) => void;
}

/**
 * Many may ask at once, and one reads. Whoever has waited too long, or hears of a failure, gets `undefined`: not known is not zero.
 * A read that hangs is not begun a second time beside itself.
 */
export function createCachedRead<Value>(
  read: () => Promise<Value>,
  { ttlMs, timeoutMs, onError }: CachedReadOptions,
): () => Promise<Value | undefined> {
  let last: { value: Value; readAt: number } | undefined;
  let running: Promise<Value | undefined> | undefined;
  let isFailing = false;

  function tell(error: unknown): void {
    if (!isFailing) onError(error);
    isFailing = true;
  }
  async function readNow(): Promise<Value | undefined> {
    try {
      const value = await read();
      last = { value, readAt: performance.now() };
      isFailing = false;
      return value;
    } catch (error) {
      tell(error);
      return undefined;
    } finally {
      running = undefined;
    }
  }

  return async () => {
    if (last !== undefined && performance.now() - last.readAt < ttlMs) return last.value;
    running ??= readNow();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        tell(new Error(`the database did not answer in ${timeoutMs} ms`));
        resolve(undefined);
      }, timeoutMs);
    });
    try {
      return await Promise.race([running, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
}
