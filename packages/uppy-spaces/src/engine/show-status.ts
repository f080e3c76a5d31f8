import { partAt } from "@audiotricks/protocol";
import type { SpacesUploadStatus, UploadProgress } from "../upload-status.ts";
import { transferOf, type UploadState } from "./upload-machine.ts";

/** What a person is told about a state. Pure: `now` is on the engine's clock, `bytesPerSecond` the measured rate. */
export function showStatus(
  state: UploadState,
  measured: { totalBytes: number; bytesPerSecond: number; now: number },
): SpacesUploadStatus {
  switch (state.status) {
    case "cancelled":
      return { status: "cancelled" };
    case "done":
      return { status: "done", file: state.file };
    case "failed":
      return { status: "failed", error: state.error };
    default:
  }
  const sessionId = transferOf(state)?.plan.sessionId ?? null;
  const still = progressOf(state.shownBytes, { ...measured, bytesPerSecond: 0 });
  if (state.isPaused && state.status !== "finalizing")
    return { status: "paused", sessionId, progress: still };
  if (state.status === "queued") return { status: "queued" };
  if (state.status === "creating" && state.elsewhere !== null) {
    const { state: other, bytesPerSecond } = state.elsewhere;
    const progress = progressOf(state.shownBytes, { ...measured, bytesPerSecond });
    return { status: "waiting", reason: "elsewhere", other, retryInMs: null, progress };
  }
  if (state.wait !== null) {
    const { reason, retryAt } = state.wait;
    const retryInMs = retryAt === null ? null : Math.max(0, Math.round(retryAt - measured.now));
    return { status: "waiting", reason, retryInMs, progress: still };
  }
  switch (state.status) {
    case "creating":
      return { status: "creating" };
    case "checking":
      return { status: "checking", progress: still };
    case "sending":
      return {
        status: "uploading",
        sessionId: state.transfer.plan.sessionId,
        progress: progressOf(state.shownBytes, measured),
      };
    case "finalizing":
      return { status: "finalizing", sessionId: state.transfer.plan.sessionId, progress: still };
    default:
      return state satisfies never;
  }
}

function progressOf(
  sentBytes: number,
  { totalBytes, bytesPerSecond }: { totalBytes: number; bytesPerSecond: number },
): UploadProgress {
  const remaining = totalBytes - sentBytes;
  const remainingMs = bytesPerSecond > 0 ? Math.round((remaining * 1000) / bytesPerSecond) : null;
  return { sentBytes, totalBytes, bytesPerSecond, remainingMs };
}

/** Bytes that are at the store or on their way right now; unlike what is shown, it falls when a part fails. */
export function movedBytes(state: UploadState): number {
  const transfer = transferOf(state);
  if (transfer === null) return 0;
  let bytes = transfer.storedBytes;
  for (const [partNumber, { sentBytes }] of transfer.inFlight) {
    bytes += Math.min(sentBytes, partAt({ ...transfer.plan, partNumber }).size);
  }
  return bytes;
}
