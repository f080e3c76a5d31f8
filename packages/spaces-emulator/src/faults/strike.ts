import { setTimeout as delay } from "node:timers/promises";
import type { StoreView } from "../disk.ts";
import type { Operation } from "../operation.ts";
import type { Fault } from "./fault-rule.ts";

/** What rules look at. */
export interface MatchedRequest {
  operation: Operation;
  bucket: string | undefined;
  key: string | undefined;
  partNumber: number | undefined;
}

/** The store, as far as faults look at it. */
export interface Snapshots {
  snapshot(): StoreView;
}

/** One request that a rule chose. */
export interface Strike {
  readonly fault: Fault;
  /** Aborts when the rule is healed or its time is up. */
  readonly ended: AbortSignal;
  /** Of a stale list. */
  readonly view: StoreView | undefined;
  /** To be called when it shows: the log has it once. */
  readonly happened: () => void;
}

/** Waits so long, or until one of the signals aborts. */
export async function waitUnless(ms: number | undefined, signals: AbortSignal[]): Promise<void> {
  const signal = AbortSignal.any(signals);
  if (ms !== undefined) return delay(ms, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
