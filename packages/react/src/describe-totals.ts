import { formatBytes, formatRate } from "./format-bytes.ts";
import { formatRemaining } from "./format-remaining.ts";
import type { UploadTotals } from "./uploads-state.ts";

/** All files in one glance: `{ headline: "Uploading 2 of 5 files", detail: "12 MB of 80 MB · 4 MB/s · 20 seconds left" }`. */
export function describeTotals(totals: UploadTotals): { headline: string; detail: string | null } {
  const { files, unfinished, paused, done, failed, bytesPerSecond } = totals;
  if (unfinished === 0) {
    const headline = done === 0 ? `${count(failed)} not uploaded` : `${count(done)} uploaded`;
    return { headline, detail: failed > 0 && done > 0 ? `${count(failed)} not uploaded` : null };
  }
  const sent = `${formatBytes(totals.sentBytes)} of ${formatBytes(totals.totalBytes)}`;
  if (totals.elsewhere > 0 && totals.elsewhere + paused === unfinished) {
    return { headline: "Uploading in another tab", detail: sent };
  }
  if (totals.waiting > 0 && totals.waiting + paused === unfinished) {
    return { headline: "Waiting for the connection", detail: sent };
  }
  if (paused === unfinished) return { headline: `${count(paused)} paused`, detail: sent };
  const detail = [
    sent,
    bytesPerSecond > 0 ? formatRate(bytesPerSecond) : null,
    formatRemaining(totals.remainingMs),
  ];
  return {
    headline:
      files === 1 ? "Uploading 1 file" : `Uploading ${unfinished.toLocaleString("en")} of ${count(files)}`,
    detail: detail.filter((part) => part !== null).join(" · "),
  };
}

function count(files: number): string {
  return files === 1 ? "1 file" : `${files.toLocaleString("en")} files`;
}
