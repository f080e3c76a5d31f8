const FIRST_MS = 5_000;
const FACTOR = 3;
/** Also the most that an endpoint's `Retry-After` counts for. */
const LONGEST_MS = 4 * 3_600_000;

/** Attempts before an event is given up: with the waits between them about two days. */
export const MAX_ATTEMPTS = 20;

/**
 * How long to wait after a failed attempt: 5 s, 15 s, 45 s … 4 h, up to a quarter more or less by chance, so that what
 * failed together does not come back together.
 *
 * @param attempts How many there were, at least 1.
 * @param retryAfterMs What the endpoint asked for; counts where it is longer.
 * @param random From 0 to 1.
 */
export function retryDelayMs(attempts: number, retryAfterMs: number | undefined, random: number): number {
  const planned = Math.min(FIRST_MS * FACTOR ** (attempts - 1), LONGEST_MS) * (0.75 + random / 2);
  return Math.round(Math.max(planned, Math.min(retryAfterMs ?? 0, LONGEST_MS)));
}
