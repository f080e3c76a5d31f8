/**
 * How often it is looked whether reads have ended, and how often in vain: a minute, in which a disk wakes up and a network comes back. Counted
 * in looks, not in time: however long a device sleeps, that makes one.
 */
const LOOK_MS = 5_000;
/** The first may come at once. */
const MOST_LOOKS = 12;

/** Those who wait, by how often was looked. */
const waiting = new Map<(value: null) => void, number>();
/** One timer for all: a file of 1 GiB is a thousand reads, and a timer for each took a tenth of the time that hashing takes. */
let isLooking = false;

/** What `read` resolves with; `null` once it looks as if it never will. */
export function unlessStuck<T>(read: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    waiting.set(resolve, 0);
    look();
    read.then(resolve, reject).finally(() => waiting.delete(resolve));
  });
}

function look(): void {
  if (isLooking || waiting.size === 0) return;
  isLooking = true;
  setTimeout(() => {
    isLooking = false;
    for (const [giveUp, looks] of waiting) {
      if (looks < MOST_LOOKS) waiting.set(giveUp, looks + 1);
      else {
        // Not to be looked at any more: the timer ends with the last who waits.
        waiting.delete(giveUp);
        giveUp(null);
      }
    }
    look();
  }, LOOK_MS);
}
