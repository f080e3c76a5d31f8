/**
 * Streams that one browser has open to one companion. Over HTTP/1.1 each takes one of six connections, which all windows share:
 * what uploads ask of the companion needs the others.
 */
const PLACES = 2;

/**
 * Does `work` in one of the places; `null` where all are taken by windows of this browser, or it cannot be told.
 *
 * @param origin Of the companion.
 */
export async function inStreamPlace<T>(origin: string, work: () => Promise<T>): Promise<T | null> {
  // Not there without HTTPS, where every connection is HTTP/1.1.
  if (typeof navigator === "undefined" || navigator.locks === undefined) return null;
  for (let place = 0; place < PLACES; place += 1) {
    const name = `audiotricks-events ${origin} ${place}`;
    const done = await navigator.locks.request(name, { ifAvailable: true }, async (lock) =>
      lock === null ? null : { result: await work() },
    );
    if (done !== null) return done.result;
  }
  return null;
}
