import type { FileMatch } from "@audiotricks/protocol/messages";

export type ToSearch =
  | { type: "search"; id: number; blob: Blob; stored: readonly FileMatch[] }
  /** Nobody wants to know any more. */
  | { type: "drop"; id: number };

export type FromSearch =
  | { type: "ready" }
  | { type: "found"; id: number; fileId: string | null }
  /** The file cannot be read. */
  | { type: "failed"; id: number; error: unknown };
