import type { SpacesUploadStatus, UploadProgress } from "@audiotricks/uppy-spaces";
import { describeError } from "./describe-error.ts";
import { formatBytes, formatRate } from "./format-bytes.ts";
import { formatRemaining } from "./format-remaining.ts";

/** What one file's line says. */
export interface StatusText {
  /** What happens now: `"Uploading"`, `"Paused"`, `"Not uploaded"`. */
  label: string;
  /** How far, how fast, what to do; `null` where the label says it all. */
  detail: string | null;
  tone: "calm" | "busy" | "good" | "bad";
}

/** @param size Length of the file in bytes. */
export function describeStatus(status: SpacesUploadStatus, size: number): StatusText {
  switch (status.status) {
    case "queued":
      return { label: "Waiting for its turn", detail: formatBytes(size), tone: "calm" };
    case "creating":
      return { label: "Getting ready", detail: formatBytes(size), tone: "busy" };
    case "checking":
      return { label: "Finding where it stopped", detail: sentOf(status.progress), tone: "busy" };
    case "uploading":
      return { label: "Uploading", detail: movement(status.progress), tone: "busy" };
    case "paused":
      return { label: "Paused", detail: sentOf(status.progress), tone: "calm" };
    case "waiting":
      return { ...describeWait(status), tone: "calm" };
    case "finalizing":
      return { label: "Checking and saving…", detail: formatBytes(size), tone: "busy" };
    case "done":
      return { label: "Uploaded", detail: formatBytes(status.file.size), tone: "good" };
    case "failed": {
      const { title, advice } = describeError(status.error);
      return { label: title, detail: advice, tone: "bad" };
    }
    case "cancelled":
      return { label: "Cancelled", detail: null, tone: "calm" };
  }
}

function describeWait(status: SpacesUploadStatus & { status: "waiting" }): Omit<StatusText, "tone"> {
  const sent = sentOf(status.progress);
  if (status.reason === "offline") {
    return { label: "No network", detail: `${sent} · Continues by itself when it is back` };
  }
  if (status.reason === "elsewhere") return describeElsewhere(status);
  const seconds = status.retryInMs === null ? 0 : Math.ceil(status.retryInMs / 1000);
  return {
    label: "Connection trouble",
    detail: `${sent} · ${seconds < 1 ? "Trying again" : `Trying again in ${seconds} s`}`,
  };
}

/** Nothing is wrong, and nothing has to be done: so it is said. */
function describeElsewhere(
  status: SpacesUploadStatus & { status: "waiting"; reason: "elsewhere" },
): Omit<StatusText, "tone"> {
  const sent = sentOf(status.progress);
  switch (status.other) {
    case "moving":
      return { label: "Uploading in another tab", detail: movement(status.progress) };
    case "paused":
      return { label: "Paused in another tab", detail: `${sent} · Resume it there, or close that tab` };
    case "stopped":
      return { label: "Stopped in another tab", detail: `${sent} · Retry it there, or close that tab` };
  }
}

function sentOf({ sentBytes, totalBytes }: UploadProgress): string {
  return `${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`;
}

function movement(progress: UploadProgress): string {
  const { bytesPerSecond, remainingMs } = progress;
  return [
    sentOf(progress),
    bytesPerSecond > 0 ? formatRate(bytesPerSecond) : null,
    formatRemaining(bytesPerSecond > 0 ? remainingMs : null),
  ]
    .filter((part) => part !== null)
    .join(" · ");
}
