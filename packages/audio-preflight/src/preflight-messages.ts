import type { AudioFacts } from "./audio-facts.ts";

/** What the page asks of whoever looks into files. Answers bear the number of the question. */
export type Question = { id: number } & (
  | { ask: "facts"; files: readonly Blob[]; timeLimitMs: number }
  | { ask: "cover"; file: Blob; maxBytes: number; side: number }
);

export type Answer = { id: number } & (
  | { facts: readonly (AudioFacts | null)[] }
  | { cover: ImageBitmap | null }
);

export type FromWorker = { ready: true } | Answer;
