import type { AudioFacts } from "@audiotricks/audio-preflight/inspect";

/** One file at a time. */
export type ToWorker =
  | { say: "inspect"; size: number }
  /** `null`: there is no getting them. */
  | { say: "bytes"; range: number; bytes: ArrayBuffer | null };

export type FromWorker =
  /** Once, when its code is there. */
  | { say: "ready" }
  | { say: "read"; range: number; offset: number; length: number }
  | { say: "facts"; facts: AudioFacts | null };
