/** Covers that are kept: some screens of rows. */
const MOST_KEPT = 120;

/** Covers of files in sight: read one after another, the newest wish first, and each once while it is kept. */
export interface CoverShelf {
  get: (id: string) => Promise<ImageBitmap | null>;
  forget: (id: string) => void;
}

export function createCoverShelf(read: (id: string) => Promise<ImageBitmap | null>): CoverShelf {
  const kept = new Map<string, Promise<ImageBitmap | null>>();
  const wishes: (() => Promise<void>)[] = [];
  let isReading = false;

  const work = async () => {
    if (isReading) return;
    isReading = true;
    for (let wish = wishes.pop(); wish !== undefined; wish = wishes.pop()) await wish();
    isReading = false;
  };

  return {
    get: (id) => {
      const there = kept.get(id);
      if (there !== undefined) return there;
      const { promise, resolve } = Promise.withResolvers<ImageBitmap | null>();
      kept.set(id, promise);
      const [oldest] = kept.keys();
      if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
      wishes.push(() => read(id).then(resolve, () => resolve(null)));
      void work();
      return promise;
    },
    forget: (id) => void kept.delete(id),
  };
}
