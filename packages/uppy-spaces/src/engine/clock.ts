/** Time that never jumps: a changed wall clock must not expire a URL or end a wait. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Runs once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
