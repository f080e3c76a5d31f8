/**
 * How often it is looked whether reads have ended, and how often in vain: a minute, in which a disk wakes up and a network comes back. Counted
 * in looks, not in time: however long a device sleeps, that makes one.
 */
const LOOK_MS = 5_000;
/** The first may come at once. */
const MOST_LOOKS = 12;

/** Those who wait, by how often was looked. */
const waiting = new Map<() => void, number>();
/** One timer for all: a file of 1 GiB is a thousand reads, and a timer for each took a tenth of the time that hashing takes. */
let isLooking = false;

/** What `read` resolves with; `null` once it looks as if it never will. */
export function unlessStuck<T>(read: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(null);
    waiting.set(giveUp, 0);
    look();
    read.then(resolve, reject).finally(() => waiting.delete(giveUp));
  });
}

function look(): void {
  if (isLooking || waiting.size === 0) return;
  isLooking = true;
  setTimeout(() => {
    isLooking = false;
    for (const [giveUp, looks] of waiting) {
      waiting.set(giveUp, looks + 1);
      if (looks === MOST_LOOKS) giveUp();
    }
    look();
  }, LOOK_MS);
}
