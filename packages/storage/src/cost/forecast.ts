import { fitTrend, meanAndDeviation } from "./trend.ts";
import type { StorageUse, TrafficUse } from "./use.ts";

/** Fewer days than these have no trend. */
const MIN_DAYS = 3;

/** What one bucket held in one storage class on whole days, the oldest first: bytes on average, as they are paid for. */
export interface HeldByDay {
  providerId: string;
  storageClass: StorageUse["storageClass"];
  bytes: readonly number[];
}

export interface SentByDay {
  providerId: string;
  bytes: readonly number[];
}

export type Estimate = "low" | "expected" | "high";

/** `trend`: by a line through the days; `flat`: there are too few, so as it is, and up to twice that. */
export type ForecastMethod = "trend" | "flat";

/**
 * What is still to come of a month.
 *
 * Storage goes on along the line through its days; low and high are two standard errors of its slope away. Egress goes on at its mean by day,
 * give or take two standard deviations, as independent days would add up. Nothing falls below 0.
 *
 * @param hoursLeft Of the month.
 */
export function forecastUse(
  past: { held: readonly HeldByDay[]; sent: readonly SentByDay[] },
  hoursLeft: number,
  estimate: Estimate,
): { storage: StorageUse[]; traffic: TrafficUse[] } {
  const sign = { low: -1, expected: 0, high: 1 }[estimate];
  const storage = past.held.map(({ providerId, storageClass, bytes }): StorageUse => {
    const byteHours = heldByteHours(bytes, hoursLeft, sign);
    return { providerId, workspaceId: null, kind: "files", storageClass, byteHours: toBytes(byteHours) };
  });
  const traffic = past.sent.map(({ providerId, bytes }): TrafficUse => {
    const egressBytes = toBytes(sentBytes(bytes, hoursLeft / 24, sign));
    return { providerId, workspaceId: null, egressBytes, retrievedBytes: 0n, reads: 0n, writes: 0n };
  });
  return { storage, traffic };
}

export function methodOf(held: readonly HeldByDay[]): ForecastMethod {
  return held.some(({ bytes }) => bytes.length >= MIN_DAYS) ? "trend" : "flat";
}

function heldByteHours(bytes: readonly number[], hoursLeft: number, sign: number): number {
  const last = bytes.at(-1) ?? 0;
  // Bytes that are there do not go by themselves.
  if (bytes.length < MIN_DAYS) return last * hoursLeft * (sign > 0 ? 2 : 1);
  const { level, slope, slopeError } = fitTrend(bytes);
  const bySlope = slope + sign * 2 * slopeError;
  // Hour by hour, since a line that falls ends at nothing.
  let sum = 0;
  for (let hour = 0; hour < hoursLeft; hour++) sum += Math.max(0, level + (bySlope * (hour + 0.5)) / 24);
  return sum;
}

function sentBytes(bytes: readonly number[], daysLeft: number, sign: number): number {
  const { mean, deviation } = meanAndDeviation(bytes);
  if (bytes.length < MIN_DAYS) return mean * daysLeft * (1 + sign);
  return Math.max(0, mean * daysLeft + sign * 2 * deviation * Math.sqrt(daysLeft));
}

function toBytes(bytes: number): bigint {
  return BigInt(Math.round(bytes));
}
