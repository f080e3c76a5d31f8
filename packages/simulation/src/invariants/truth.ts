import type { Receiver } from "../receiver/receiver.ts";
import type { Buckets } from "../site/buckets.ts";
import type { Ledger } from "../site/ledger.ts";
import type { Snapshot } from "../site/snapshot.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** What an invariant is held against: the rows, the store and what was said, at one moment. */
export interface Truth {
  now: Snapshot;
  /** At the commit before. */
  before: Snapshot | undefined;
  /** Of the primary bucket. */
  store: ObjectStore;
  buckets: Buckets;
  ledger: Ledger;
  receiver: Receiver;
  /** Which content each file had when its row first promised it. */
  promised: Map<string, string>;
}

/** @returns What is wrong, each with the number of the invariant in front. */
export type Invariant = (truth: Truth) => string[];

export const COUNTED: readonly string[] = [
  "stored",
  "processing",
  "processed",
  "quarantined",
  "archived",
  "recalling",
];
export const OPEN: readonly string[] = ["creating", "active", "completing"];
export const FINAL: readonly string[] = ["completed", "aborted", "failed"];
