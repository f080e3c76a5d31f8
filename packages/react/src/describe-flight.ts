import type { FlightCause, FlightEvent, FlightPhase, SlowReason } from "@audiotricks/uppy-spaces";
import { formatBytes } from "./format-bytes.ts";

const PHASES: Record<FlightPhase, string> = {
  queued: "In line behind other files",
  session: "Beginning the upload",
  checking: "Comparing with what was sent earlier",
  signature: "Waiting for permission to send",
  hashing: "Reading the file",
  lane: "Waiting for a free connection",
  network: "Sending",
  store: "Waiting for the storage to answer",
  retrying: "Waiting to try again",
  paused: "Paused",
  offline: "No network",
  over: "Over",
};

const REASONS: Record<SlowReason, string> = {
  signature: "Most of the time went to waiting for the upload service.",
  hashing: "Most of the time went to reading the file.",
  network: "Most of the time went to sending: the network sets the pace.",
  store: "Most of the time went to waiting for the storage.",
  paused: "Most of the time it was paused.",
  offline: "Most of the time there was no network.",
  lane: "Most of the time it waited for other files.",
};

const EVENTS: Record<FlightEvent["kind"], string> = {
  queued: "Added",
  creating: "Asked to begin",
  checking: "Compares with what was sent earlier",
  sending: "Ready to send",
  finalizing: "All sent, asked to finish",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  paused: "Paused",
  resumed: "Resumed",
  offline: "Network gone",
  online: "Network back",
  waiting: "Waits",
  lanes: "Connections in use",
  signing: "Asked for permission to send parts",
  signed: "Permission came",
  hashing: "Reads a part",
  hashed: "Part read",
  sent: "Began to send",
  "first-byte": "First progress",
  "handed-over": "All bytes out",
  stored: "Stored",
  "let-go": "Let go of",
  refused: "Did not work",
};

export function describePhase(phase: FlightPhase): string {
  return PHASES[phase];
}

export function describeSlowness(reason: SlowReason | null): string {
  return reason === null ? "Too short to tell what held it up." : REASONS[reason];
}

export function describeCause(cause: FlightCause): string {
  switch (cause) {
    case "network":
      return "The connection broke";
    case "stalled":
      return "The connection stood still";
    case "companion":
      return "The upload service did not answer";
    case "http-403":
      return "The permission had run out";
    case "http-429":
    case "http-503":
      return "The storage was too busy";
    default:
      return `The storage refused (${cause.slice("http-".length)})`;
  }
}

/** One event in a line: `"1.4 s · Stored · part 3 · 5 MB in 820 ms"`. */
export function describeEvent({ atMs, kind, part, ms, bytes, lanes, cause }: FlightEvent): string {
  const took = ms === undefined ? null : kind === "waiting" ? `for ${formatMs(ms)}` : `after ${formatMs(ms)}`;
  const facts = [
    formatMs(atMs),
    EVENTS[kind],
    part === undefined ? null : `part ${part}`,
    bytes === undefined ? null : formatBytes(bytes),
    took,
    lanes === undefined ? null : `${lanes}`,
    cause === undefined ? null : describeCause(cause),
  ];
  return facts.filter((fact) => fact !== null).join(" · ");
}

/** Milliseconds as people read them: `"820 ms"`, `"4.5 s"`, `"3 min 5 s"`. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
