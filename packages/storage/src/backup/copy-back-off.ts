import type { CopyFailureCode } from "./copy-failure.ts";

const FIRST_WAIT_MS = 5_000;
/** Of a store that is away. */
const LONGEST_WAIT_MS = 600_000;
/** Of what does not pass by itself: somebody is to look, and may have. */
const STAYING: readonly string[] = [
  "source_missing",
  "source_changed",
  "checksum_differs",
] satisfies CopyFailureCode[];
const STAYING_WAIT_MS = 3_600_000;

/** Milliseconds until a copy that failed is tried again; `attempts` counts the one that failed. Apart by chance, so that what failed together does not come again together. */
export function copyBackOff(code: string, attempts: number, leastWaitMs = 0): number {
  const backOff = STAYING.includes(code)
    ? STAYING_WAIT_MS
    : Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_WAIT_MS);
  return Math.max(backOff * (0.75 + Math.random() / 2), leastWaitMs);
}
