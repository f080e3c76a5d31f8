/**
 * How often it is looked whether reads have ended, and how often in vain: a minute, in which a disk wakes up and a network comes back. Counted
 * in looks, not in time: however long a device sleeps, that makes one.
 */
const LOOK_MS = 5_000;
/** The first may come at once. */
const MOST_LOOKS = 13;

interface Watched {
  looks: number;
  giveUp: () => void;
}

const watched = new Set<Watched>();
/** One for all: a file of 1 GiB is a thousand reads, and a timer for each took a tenth of the time that hashing takes. */
let isLooking = false;

/** What `read` resolves with; `null` once it looks as if it never will. */
export function unlessStuck<T>(read: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const watch: Watched = { looks: 0, giveUp: () => resolve(null) };
    const ended = () => watched.delete(watch);
    watched.add(watch);
    lookLater();
    read.then(resolve, reject).finally(ended);
  });
}

function lookLater(): void {
  if (isLooking) return;
  isLooking = true;
  setTimeout(look, LOOK_MS);
}

function look(): void {
  isLooking = false;
  for (const watch of watched) {
    watch.looks += 1;
    if (watch.looks < MOST_LOOKS) continue;
    watched.delete(watch);
    watch.giveUp();
  }
  if (watched.size > 0) lookLater();
}
