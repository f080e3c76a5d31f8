/** What a deployment may tune. Durations in seconds unless the name says `Ms`. */
export interface StorageSettings {
  /** Life of a signed upload URL. Long enough for the slowest part still waiting in a browser's window. */
  uploadUrlExpiresIn: number;
  downloadUrlExpiresIn: number;
  /** The same of a URL that a share link leads to: the link is what lasts. */
  shareUrlExpiresIn: number;
  /** Life of an upload session. */
  sessionExpiresIn: number;
  /** Most URLs in one answer to create; a batch of many files gets fewer for each. */
  firstUrlsPerSession: number;
  firstUrlsPerAnswer: number;
  /** Bytes reserved for an upload through `/s3` that does not announce its size. */
  unknownSizeCeiling: number;
  /** Parts that may be signed through `/s3` beyond those the store has. */
  s3PartsAhead: number;
  s3TokenExpiresIn: number;
  /** How long one worker may stay silent before another takes its session over. */
  leaseMs: number;
  /** How long a call waits for another worker's result before it says `completing`. */
  waitForOtherMs: number;
  /** How often a result at the store is looked for after Complete, and for how long. */
  reconcileDelaysMs: readonly number[];
  /**
   * Bytes of a single PUT that are published by way of this server's memory: two calls to the store instead of four. Larger ones are
   * copied at the store.
   */
  takeInMemoryUpTo: number;
  /** How long one of a batch waits for the others before it is written down without them. */
  batchPatienceMs: number;
  /**
   * This process' share of the requests a second that the store takes, from above 0 to 1. The rest is for what browsers send
   * there themselves, and for other processes: with N of them give each 1/N of it.
   */
  storeRequestShare: number;
  /** Requests a second that the bucket takes of everybody; by default what is known of its vendor. */
  storeRequestsPerSecond: number | undefined;
  /** Calls to the store at once on behalf of one request. */
  storeConcurrency: number;
  /**
   * How old an upload at the store must be before the sweep takes it away from a session that is over: longer than the
   * store's limit for a Complete, since one that is still at work must not meet an abort.
   */
  leftoverGraceMs: number;
  /**
   * How old an upload or a temporary object without any row must be before the sweep takes it away: longer than any
   * session lives.
   */
  unknownGraceMs: number;
  /** Most rows that one statement of a sweep works on: whoever starts an upload may wait for it. */
  sweepBatch: number;
  /** Calls to the store at once on behalf of one sweep: uploads need the bucket's rate more. */
  sweepConcurrency: number;
  /** How long a sweep rests after each piece of work, in multiples of what that took: uploads need the processor more, too. */
  sweepRest: number;
  /** How long one sweep begins new batches; what is left is the next one's. */
  sweepMs: number;
  /** Files that are copied to their backup at once, by this process. */
  backupLanes: number;
  /** Parts of one of them at once. */
  backupPartLanes: number;
  /** Bytes of files in memory, of all that is copied or restored at once. */
  backupMemory: number;
  /** How long one round of copying begins new files. */
  backupMs: number;
  /** Bytes of one archive, and archives of one user that are under way. */
  exportMaxBytes: number;
  exportsAtOnce: number;
  /** Whole months of the operations log that are kept beside the current one. */
  operationsKeptMonths: number;
  /** The same of the audit log. */
  auditKeptMonths: number;
}

export const DEFAULT_SETTINGS: StorageSettings = {
  uploadUrlExpiresIn: 3600,
  downloadUrlExpiresIn: 300,
  shareUrlExpiresIn: 60,
  sessionExpiresIn: 86_400,
  firstUrlsPerSession: 32,
  firstUrlsPerAnswer: 400,
  unknownSizeCeiling: 1024 ** 3,
  s3PartsAhead: 10,
  s3TokenExpiresIn: 12 * 3600,
  leaseMs: 30_000,
  waitForOtherMs: 2_000,
  reconcileDelaysMs: [0, 100, 300, 600, 1000],
  takeInMemoryUpTo: 65_536,
  batchPatienceMs: 1_000,
  storeRequestShare: 0.5,
  storeRequestsPerSecond: undefined,
  storeConcurrency: 16,
  leftoverGraceMs: 900_000,
  unknownGraceMs: 3 * 86_400_000,
  sweepBatch: 10,
  sweepConcurrency: 4,
  sweepRest: 2,
  sweepMs: 20_000,
  backupLanes: 8,
  backupPartLanes: 4,
  backupMemory: 48 * 1024 ** 2,
  backupMs: 240_000,
  exportMaxBytes: 100 * 1024 ** 3 + 64 * 1024 ** 2,
  exportsAtOnce: 3,
  operationsKeptMonths: 13,
  auditKeptMonths: 25,
};
