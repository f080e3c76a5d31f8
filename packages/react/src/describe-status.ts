import type { SpacesUploadStatus, UploadProgress } from "@audiotricks/uppy-spaces";
import { describeError } from "./describe-error.ts";
import { formatBytes, formatRate } from "./format-bytes.ts";
import { formatRemaining } from "./format-remaining.ts";
import { joinFacts } from "./join-facts.ts";
import { ENGLISH, type Words } from "./words.ts";

/** What one file's line says. */
export interface StatusText {
  /** What happens now: `"Uploading"`, `"Paused"`, `"Not uploaded"`. */
  label: string;
  /** How far, how fast, what to do; `null` where the label says it all. */
  detail: string | null;
  tone: "calm" | "busy" | "good" | "bad";
}

/** @param size Length of the file in bytes. */
export function describeStatus(status: SpacesUploadStatus, size: number, words: Words = ENGLISH): StatusText {
  const say = words.say;
  switch (status.status) {
    case "queued":
      return { label: say("queued"), detail: formatBytes(size, words), tone: "calm" };
    case "creating":
      return { label: say("creating"), detail: formatBytes(size, words), tone: "busy" };
    case "checking":
      return { label: say("checking"), detail: sentOf(status.progress, words), tone: "busy" };
    case "uploading":
      return { label: say("uploading"), detail: movement(status.progress, words), tone: "busy" };
    case "paused":
      return { label: say("paused"), detail: sentOf(status.progress, words), tone: "calm" };
    case "waiting":
      return { ...describeWait(status, words), tone: "calm" };
    case "finalizing":
      return { label: say("finalizing"), detail: formatBytes(size, words), tone: "busy" };
    case "done":
      return { label: say("uploaded"), detail: formatBytes(status.file.size, words), tone: "good" };
    case "failed": {
      const { title, advice } = describeError(status.error, words);
      return { label: title, detail: advice, tone: "bad" };
    }
    case "cancelled":
      return { label: say("cancelled"), detail: null, tone: "calm" };
  }
}

type Waiting = SpacesUploadStatus & { status: "waiting" };

function describeWait(status: Waiting, words: Words): Omit<StatusText, "tone"> {
  const sent = sentOf(status.progress, words);
  if (status.reason === "offline") {
    return { label: words.say("noNetwork"), detail: joinFacts([sent, words.say("continuesByItself")]) };
  }
  if (status.reason === "elsewhere") return describeElsewhere(status, words);
  const seconds = status.retryInMs === null ? 0 : Math.ceil(status.retryInMs / 1000);
  const next = seconds < 1 ? words.say("tryingAgain") : words.say("tryingAgainIn", { seconds });
  return { label: words.say("connectionTrouble"), detail: joinFacts([sent, next]) };
}

/** Nothing is wrong, and nothing has to be done: so it is said. */
function describeElsewhere(
  status: Waiting & { reason: "elsewhere" },
  words: Words,
): Omit<StatusText, "tone"> {
  const { say } = words;
  const sent = sentOf(status.progress, words);
  switch (status.other) {
    case "moving":
      return { label: say("uploadingElsewhere"), detail: movement(status.progress, words) };
    case "paused":
      return { label: say("pausedElsewhere"), detail: joinFacts([sent, say("resumeThere")]) };
    case "stopped":
      return { label: say("stoppedElsewhere"), detail: joinFacts([sent, say("retryThere")]) };
  }
}

function sentOf({ sentBytes, totalBytes }: UploadProgress, words: Words): string {
  return words.say("amountOf", {
    amount: formatBytes(sentBytes, words),
    total: formatBytes(totalBytes, words),
  });
}

function movement(progress: UploadProgress, words: Words): string {
  const { bytesPerSecond, remainingMs } = progress;
  return joinFacts([
    sentOf(progress, words),
    bytesPerSecond > 0 ? formatRate(bytesPerSecond, words) : null,
    formatRemaining(bytesPerSecond > 0 ? remainingMs : null, words),
  ]);
}
