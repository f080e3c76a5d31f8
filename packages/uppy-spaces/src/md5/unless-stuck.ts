/**
 * How often it is looked whether a read has ended, and how often in vain: a minute, in which a disk wakes up and a network comes back. Counted
 * in looks, not in time: however long a device sleeps, that makes one.
 */
const LOOK_MS = 5_000;
const MOST_LOOKS = 12;

/** What `read` resolves with; `null` once it looks as if it never will. */
export function unlessStuck<T>(read: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    let looks = 0;
    let timer: ReturnType<typeof setTimeout>;
    const look = () => {
      if (looks === MOST_LOOKS) return resolve(null);
      looks += 1;
      timer = setTimeout(look, LOOK_MS);
    };
    look();
    read.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
