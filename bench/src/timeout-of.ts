import type { LinkProfile } from "./link/link.ts";
import { totalBytes, type Workload } from "./workload.ts";

/** What the slowest contender may take, over what the link needs for the bytes. */
const MOST_TIMES_LINE_RATE = 20;
/** For files that cost more by being files than by their bytes. */
const PER_FILE_MS = 150;
const LEAST_MS = 120_000;
const LOOPBACK: Pick<LinkProfile, "bitsPerSecond"> = { bitsPerSecond: 1_000_000_000 };

export function timeoutOf(profile: LinkProfile | null, workload: Workload): number {
  const lineRateMs = (totalBytes(workload) * 8000) / (profile ?? LOOPBACK).bitsPerSecond;
  return LEAST_MS + MOST_TIMES_LINE_RATE * lineRateMs + workload.count * PER_FILE_MS;
}
