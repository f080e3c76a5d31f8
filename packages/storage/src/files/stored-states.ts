import type { FileState } from "@audiotricks/protocol";

/** States in which the bytes are promised. */
export const STORED_STATES = [
  "stored",
  "processing",
  "processed",
  "quarantined",
  "archived",
  "recalling",
] as const satisfies FileState[];
