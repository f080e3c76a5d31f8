/**
 * What can go wrong at a wait. Each kind has its own likelihood, so that a run that fails shrinks to the kinds that it
 * takes.
 */
export const FAULT_KINDS = [
  /** The store: refused before anything is done. */
  "store-503",
  "store-500-before",
  /** The store does it, and says that it failed. */
  "store-500-after",
  /** No answer, before or after the effect. */
  "store-timeout-before",
  "store-timeout-after",
  "store-reset-before",
  /** The connection ends in the middle of the answer. */
  "store-reset-mid-body",
  "store-truncated-200",
  "store-200-with-error",
  "store-delivered-twice",
  "store-stale-list",
  "store-slow",
  "store-slow-complete",
  /** Between a browser and the companion, and between a browser and the store. */
  "call-lost",
  "answer-lost",
  "put-lost",
  "put-answer-lost",
  "put-delivered-twice",
  "put-stalled",
  "etag-hidden",
  /** The connection to the database. */
  "database-cut-before",
  "database-cut-after",
  "database-cut-after-commit",
  /** Between a server and the receiver of its events. */
  "webhook-500-before",
  "webhook-500-after",
  "webhook-timeout-before",
  "webhook-timeout-after",
  "webhook-reset-after",
  "webhook-slow",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** Likelihoods, in hundredths. */
export type Climate = Readonly<Record<FaultKind, number>>;

export const CALM = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Climate;
