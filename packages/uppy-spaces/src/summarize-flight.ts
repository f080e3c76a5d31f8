import type { FlightCause, FlightPhase, FlightRecord } from "./engine/flight-recorder.ts";

/** What most of an upload's time went to. */
export type SlowReason = "signature" | "hashing" | "network" | "store" | "paused" | "offline" | "lane";

export interface FlightSummary {
  totalMs: number;
  phases: { phase: FlightPhase; ms: number; share: number }[];
  /** Of the bytes of the file, over the time that it was neither paused nor offline. */
  bytesPerSecond: number;
  retries: { cause: FlightCause; count: number }[];
  bytesSentTwice: number;
  /** `null` while there is too little to judge by. */
  slowBecause: SlowReason | null;
}

/** Less than this is not slow. */
const WORTH_A_REASON_MS = 1000;

const REASONS: Partial<Record<FlightPhase, SlowReason>> = {
  session: "signature",
  signature: "signature",
  checking: "hashing",
  hashing: "hashing",
  queued: "lane",
  lane: "lane",
  network: "network",
  store: "store",
  paused: "paused",
  offline: "offline",
};

export function summarizeFlight(record: FlightRecord): FlightSummary {
  const { phases, causes, nowMs, lostBytes, sentBytes } = record;
  const spent = entries(phases).filter(([, ms]) => ms > 0);
  const totalMs = spent.reduce((sum, [, ms]) => sum + ms, 0);
  const idleMs = (phases.paused ?? 0) + (phases.offline ?? 0);
  const movingMs = Math.max(0, Math.min(nowMs, totalMs) - idleMs);
  const byReason = new Map<SlowReason, number>();
  for (const [phase, ms] of spent) {
    const reason = REASONS[phase] ?? reasonOfRetries(causes);
    byReason.set(reason, (byReason.get(reason) ?? 0) + ms);
  }
  const [most] = [...byReason].toSorted(([, a], [, b]) => b - a);
  return {
    totalMs,
    phases: spent.map(([phase, ms]) => ({ phase, ms, share: ms / totalMs })).toSorted((a, b) => b.ms - a.ms),
    bytesPerSecond: movingMs === 0 ? 0 : ((sentBytes - lostBytes) * 1000) / movingMs,
    retries: entries(causes)
      .map(([cause, count]) => ({ cause, count }))
      .toSorted((a, b) => b.count - a.count),
    bytesSentTwice: lostBytes,
    slowBecause: totalMs < WORTH_A_REASON_MS || most === undefined ? null : most[0],
  };
}

/** The export of a record: `browser` is what the browser calls itself. */
export function flightToJson(record: FlightRecord, browser: string): string {
  return JSON.stringify({ ...record, browser, summary: summarizeFlight(record) }, null, 2);
}

/** Whom the waits between attempts are owed to. */
function reasonOfRetries(causes: FlightRecord["causes"]): SlowReason {
  const [most] = entries(causes).toSorted(([, a], [, b]) => b - a);
  if (most?.[0] === "companion") return "signature";
  return most?.[0].startsWith("http-") ? "store" : "network";
}

/** `Object.entries` forgets what the keys are. */
function entries<K extends string>(of: Partial<Record<K, number>>): [K, number][] {
  return Object.entries(of) as [K, number][];
}
