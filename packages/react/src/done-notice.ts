import { describeTotals } from "./describe-totals.ts";
import type { UploadTotals } from "./uploads-state.ts";
import type { Words } from "./words.ts";

/** Nobody goes away for less, in milliseconds. */
const LASTS_MS = 60_000;

/** Whether it is worth leaving the page to itself meanwhile. */
export function isExpectedToLast({ unfinished, remainingMs }: UploadTotals): boolean {
  return unfinished > 0 && remainingMs !== null && remainingMs >= LASTS_MS;
}

/** What to say when nothing is left to do; `null` where it was all taken away. */
export function noticeOf(
  totals: UploadTotals,
  words: Words,
): { title: string; options: NotificationOptions } | null {
  if (totals.unfinished > 0 || totals.done + totals.failed === 0) return null;
  const { headline, detail } = describeTotals(totals, words);
  return { title: headline, options: { lang: words.tag, dir: words.dir, body: detail ?? "" } };
}

/**
 * Whether this page may ask or notify. In a frame of another origin the browser says `denied`, phones have notifications for service workers alone, and
 * without https there are none.
 */
export function canNotify(): boolean {
  if (typeof Notification === "undefined" || !isSecureContext) return false;
  const { userAgentData } = navigator as { userAgentData?: { mobile: boolean } };
  return Notification.permission !== "denied" && userAgentData?.mobile !== true;
}

/** Only where the page is not seen: who looks at it has been told. */
export function notifyHidden(notice: ReturnType<typeof noticeOf>): void {
  if (notice === null || !document.hidden || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(notice.title, notice.options);
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
  } catch {
    // A phone that did not say it is one.
  }
}
