import type { UploadErrorBody } from "@audiotricks/protocol";
import type { FileRecord } from "@audiotricks/protocol/messages";

/** How far one file is, in bytes; `sentBytes` never goes backwards. */
export interface UploadProgress {
  sentBytes: number;
  totalBytes: number;
  /** Smoothed over the last seconds; 0 while nothing moves. */
  bytesPerSecond: number;
  /** `null` until there is a rate to tell it from. */
  remainingMs: number | null;
}

/** What a person is told about one file. The plugin keeps it in Uppy's file state as `file.spaces`. */
export type SpacesUploadStatus =
  | { status: "queued" }
  /** Asking the companion for a session. */
  | { status: "creating" }
  /** Proving that a picked file is the one that was begun, by hashing it against the parts at the store. */
  | { status: "checking"; progress: UploadProgress }
  | { status: "uploading"; sessionId: string; progress: UploadProgress }
  | { status: "paused"; sessionId: string | null; progress: UploadProgress }
  /** Goes on by itself: when the network is back, or after `retryInMs`. */
  | { status: "waiting"; reason: "offline" | "retrying"; retryInMs: number | null; progress: UploadProgress }
  /**
   * Another tab or window of this browser sends this very file, and this one sends nothing: it ends `done` with the same file when
   * that one does, and goes on from where that one is when it is closed, crashes or gives up. `progress` is that one's.
   */
  | {
      status: "waiting";
      reason: "elsewhere";
      /** `stopped`: it failed there, and can be tried again there. */
      other: "moving" | "paused" | "stopped";
      retryInMs: null;
      progress: UploadProgress;
    }
  /** All bytes are there; the companion is proving and publishing them. */
  | { status: "finalizing"; sessionId: string; progress: UploadProgress }
  | { status: "done"; file: FileRecord }
  | { status: "failed"; error: UploadErrorBody }
  | { status: "cancelled" };
