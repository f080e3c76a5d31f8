const PAUSE_MS = 5_000;

/**
 * Says how far a walk through buckets is, from time to time: one of millions of objects takes an hour, and looks like one that
 * hangs.
 */
export function tellProgress(
  say: (text: string) => void,
  now: () => Date,
): (soFar: { providerId: string; objects: number; rows: number }) => void {
  let last = now().getTime();
  return ({ providerId, objects, rows }) => {
    const at = now().getTime();
    if (at - last < PAUSE_MS) return;
    last = at;
    say(`${objects} objects and ${rows} rows so far in the bucket of ${providerId}.\n`);
  };
}
