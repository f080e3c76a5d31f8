import type { AudioFinding } from "@audiotricks/audio-preflight";
import type { UploadErrorBody } from "@audiotricks/protocol";

/** A recording that was ended, in a file that is accepted. */
export interface Clip {
  file: File;
  /** To be heard from, for as long as it is there. */
  url: string;
  /** `null` where the browser wrote a file that does not say it. */
  seconds: number | null;
}

/** Why there is no recording. */
export type NoRecording =
  /** The browser has no recorder, or the page is not served over https. */
  | { reason: "unsupported" }
  /** The person, the system, or a policy of the page said no. */
  | { reason: "refused" }
  | { reason: "no_microphone" }
  /** Another program has it. */
  | { reason: "busy" }
  /** What records could not be loaded. */
  | { reason: "not_loaded" }
  /** It was ended before there was anything in it. */
  | { reason: "nothing" }
  | { reason: "failed" }
  /** It would be refused, by the companion or by the page's rules. */
  | { reason: "unwanted"; why: { error: UploadErrorBody } | { finding: AudioFinding } };

export type RecorderState =
  | { status: "closed" }
  | { status: "loading" }
  /** The browser asks the person. */
  | { status: "asking" }
  | { status: "unavailable"; problem: NoRecording }
  | { status: "ready"; stream: MediaStream }
  /** `startedAt` and the longest it may last, in milliseconds of `performance.now()`. */
  | { status: "recording"; stream: MediaStream; startedAt: number; maxMs: number | null }
  /** It is put into another container. */
  | { status: "preparing" }
  | { status: "recorded"; clip: Clip; endedBy: RecordingEnd };

/** `limit`: it is as long or as large as it may be. `device`: the microphone went away. */
export type RecordingEnd = "person" | "limit" | "device";
