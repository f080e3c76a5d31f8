import { formatBytes, formatRate } from "./format-bytes.ts";
import { formatRemaining } from "./format-remaining.ts";
import { joinFacts } from "./join-facts.ts";
import type { UploadTotals } from "./uploads-state.ts";
import { ENGLISH, type Words } from "./words.ts";

/** All files in one glance: `{ headline: "Uploading 2 of 5 files", detail: "12 MB of 80 MB · 4 MB/s · 20 seconds left" }`. */
export function describeTotals(
  totals: UploadTotals,
  words: Words = ENGLISH,
): { headline: string; detail: string | null } {
  const { files, unfinished, paused, done, failed, bytesPerSecond } = totals;
  if (unfinished === 0) {
    const headline = done === 0 ? words.count("notUploaded", failed) : words.count("uploaded", done);
    return { headline, detail: failed > 0 && done > 0 ? words.count("notUploaded", failed) : null };
  }
  const sent = words.say("amountOf", {
    amount: formatBytes(totals.sentBytes, words),
    total: formatBytes(totals.totalBytes, words),
  });
  if (totals.elsewhere > 0 && totals.elsewhere + paused === unfinished) {
    return { headline: words.say("uploadingElsewhere"), detail: sent };
  }
  if (totals.waiting > 0 && totals.waiting + paused === unfinished) {
    return { headline: words.say("waitingForConnection"), detail: sent };
  }
  if (paused === unfinished) return { headline: words.count("paused", paused), detail: sent };
  return {
    headline: files === 1 ? words.say("uploadingOne") : words.count("uploadingOf", files, { unfinished }),
    detail: joinFacts([
      sent,
      bytesPerSecond > 0 ? formatRate(bytesPerSecond, words) : null,
      formatRemaining(totals.remainingMs, words),
    ]),
  };
}
