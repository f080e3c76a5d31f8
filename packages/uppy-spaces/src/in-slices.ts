/** A frame is 16 ms, of which the page needs some. */
const SLICE_MS = 8;
const AT_ONCE = 25;

/** Works through items, a few milliseconds at a time; the first of them at once. */
export async function inSlices<Item>(
  items: readonly Item[],
  work: (slice: readonly Item[]) => void,
): Promise<void> {
  let next = 0;
  while (next < items.length) {
    const until = performance.now() + SLICE_MS;
    do {
      work(items.slice(next, next + AT_ONCE));
      next += AT_ONCE;
    } while (next < items.length && performance.now() < until);
    if (next < items.length) await nextTask();
  }
}

/** Not by a timer: those of hidden pages wait for a second. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
