/** Failures in a row that say that it is the store, not the file. */
const AWAY_AFTER = 4;
/** Milliseconds for which nothing is asked of it then; one more failure after that, and it is so again. */
export const STORE_AWAY_MS = 30_000;

/** Stores that one process finds away, by provider: their files wait for them, and nobody else's do. */
export interface AwayStores {
  isAway(providerId: string): boolean;
  /** Their ids. */
  list(): string[];
  failed(providerId: string): void;
  answered(providerId: string): void;
}

/** @param now Milliseconds, of a clock that only goes forward. */
export function createAwayStores(now: () => number = () => performance.now()): AwayStores {
  const failing = new Map<string, { inARow: number; awayUntil: number }>();
  const isAway = (providerId: string) => (failing.get(providerId)?.awayUntil ?? 0) > now();
  return {
    isAway,
    list: () => [...failing.keys()].filter(isAway),
    failed: (providerId) => {
      const inARow = (failing.get(providerId)?.inARow ?? 0) + 1;
      failing.set(providerId, { inARow, awayUntil: inARow < AWAY_AFTER ? 0 : now() + STORE_AWAY_MS });
    },
    answered: (providerId) => {
      failing.delete(providerId);
    },
  };
}
