/** Stable: scripts go by them. */
export const EXIT = {
  ok: 0,
  /** What was asked was not done; stderr says why. */
  failed: 1,
  /** It was done, and somebody should look at what it found. */
  look: 2,
  /** As sysexits has it: the words were not understood. */
  usage: 64,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
