import { median } from "../median.ts";

/** Milliseconds that some work took. */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begunAt = performance.now();
  await work();
  return performance.now() - begunAt;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** `1.23 ms`, of the middle one. */
export function describeMs(values: readonly number[]): string {
  return `${median(values).toFixed(2)} ms`;
}
