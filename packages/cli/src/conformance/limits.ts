const MiB = 1024 ** 2;

/** What one run may cost at most; it is said before it begins. */
export interface Limits {
  requests: number;
  /** Sent. What is read back is less. */
  bytes: number;
  /** For asking; what is under way then still ends. */
  askingMs: number;
  /** Of each request. */
  requestMs: number;
  /** For removing everything afterwards. */
  cleanUpMs: number;
}

export const LIMITS: Limits = {
  requests: 400,
  bytes: 8 * MiB,
  askingMs: 5 * 60_000,
  requestMs: 30_000,
  cleanUpMs: 2 * 60_000,
};

/** The least that S3 takes for a part that is not the last. */
export const MIN_PART = 5 * MiB;
