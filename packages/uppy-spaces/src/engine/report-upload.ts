import type { ClientSummary } from "@audiotricks/protocol/messages";
import { summarizeFlight } from "../summarize-flight.ts";
import type { FlightRecord } from "./flight-recorder.ts";

/**
 * What the companion is told of an upload at its end, for its operations log: within the bounds that it takes, because a
 * report it refused would take the upload with it.
 */
export function reportUpload(
  flight: FlightRecord | undefined,
  upload: { durationMs: number; bytesSent: number; retries: number },
): ClientSummary {
  const report: ClientSummary = {
    durationMs: within(upload.durationMs, 2 ** 31 - 1),
    bytesSent: within(upload.bytesSent, Number.MAX_SAFE_INTEGER),
    retries: within(upload.retries, 1_000_000),
    browser: navigator.userAgent.slice(0, 300).toWellFormed(),
  };
  if (flight === undefined) return report;
  const { bytesPerSecond, bytesSentTwice, retries, slowBecause } = summarizeFlight(flight);
  return {
    ...report,
    bytesPerSecond: within(bytesPerSecond, 1e12),
    bytesSentTwice: within(bytesSentTwice, Number.MAX_SAFE_INTEGER),
    retryCauses: retries.slice(0, 10).map(({ cause, count }) => ({ cause, count: within(count, 1_000_000) })),
    ...(slowBecause !== null && { slowBecause }),
  };
}

/** What is no number, as infinities less one another are, counts as nothing. */
function within(value: number, most: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(Math.round(value), 0), most);
}
