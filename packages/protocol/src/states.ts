/** States of an upload session; `completed`, `aborted` and `failed` are final. */
export const SESSION_STATES = [
  "creating",
  "active",
  "completing",
  "completed",
  "aborting",
  "aborted",
  "failed",
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export function isTerminalSessionState(state: SessionState): boolean {
  return state === "completed" || state === "aborted" || state === "failed";
}

/** States of a file; `failed` and `deleted` are final. Only from `stored` on are the bytes promised. */
export const FILE_STATES = [
  "uploading",
  "stored",
  "processing",
  "processed",
  "quarantined",
  "archived",
  "recalling",
  "deleting",
  "deleted",
  "failed",
] as const;
export type FileState = (typeof FILE_STATES)[number];

/** How far a file is with whoever scans it for harm. */
export const SCAN_STATES = ["waiting", "held", "clean", "infected", "too_large", "released"] as const;
