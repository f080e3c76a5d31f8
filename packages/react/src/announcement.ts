import { compareItems } from "./compare-items.ts";
import { describeFitting } from "./describe-choice.ts";
import { describeStatus } from "./describe-status.ts";
import { describeNotice } from "./quota-notices.ts";
import type { UploadChoice } from "./upload-choice.ts";
import { isUnfinished, type UploadItem, type UploadsState } from "./uploads-state.ts";

/** Progress is said at these shares of all bytes, in percent; more often would be noise. */
const STEPS = [25, 50, 75];

/** What a screen reader should hear about the step from one state to the next; `null` for nothing. */
export function announcementOf(previous: UploadsState, next: UploadsState): string | null {
  const changes = compareItems(previous.files, next.files);
  const { added } = changes;
  const others = changes.changed.filter(({ before, after }) => before.status.status !== after.status.status);
  const changed = [...added, ...others.map(({ after }) => after)];
  const left = newlyLeft(previous, next);
  const leftIds = new Set(left.map(({ id }) => id));
  const cancelled = changes.removed.filter(({ id, status }) => isUnfinished(status) && !leftIds.has(id));
  const done = [...left, ...changed.filter(({ status }) => status.status === "done")];
  const failed = changed.filter(({ status }) => status.status === "failed");
  const offline = changed.some(({ status }) => status.status === "waiting" && status.reason === "offline");

  const sentences = [
    choiceNews(previous.choice, next.choice),
    ...next.quotaNotices
      .filter((notice) => !previous.quotaNotices.includes(notice))
      .map((notice) => describeNotice(notice, undefined)),
    added.length > 0 ? `${subject(added)} added.` : null,
    cancelled.length > 0 ? `${subject(cancelled)} cancelled.` : null,
    done.length > 0 ? `${subject(done)} uploaded.` : null,
    ...failed.slice(0, 3).map(failure),
    failed.length > 3 ? `${failed.length - 3} more files were not uploaded.` : null,
    offline ? "No network. Uploads continue by themselves when it is back." : null,
    previous.totals.unfinished > 0 && next.totals.unfinished === 0 && next.totals.done > 1 && done.length > 0
      ? "All uploads are through."
      : null,
  ].filter((sentence) => sentence !== null);
  if (sentences.length > 0) return sentences.join(" ");

  const step = STEPS.findLast(
    (percent) => percentOf(previous) < percent && percentOf(next) >= percent && percentOf(next) < 100,
  );
  // Another set of files is another hundred per cent: a step only counts within one.
  return step === undefined || previous.totals.totalBytes !== next.totals.totalBytes
    ? null
    : `${step} % uploaded.`;
}

/** That there is something to choose, and what became of it by what a person did or by what else changed. */
function choiceNews(previous: UploadChoice | null, next: UploadChoice | null): string | null {
  if (next === null || next === previous) return null;
  const fitting = describeFitting(next);
  if (previous === null) return `${fitting}. Choose what to upload.`;
  const ids = ({ files }: UploadChoice) => files.map(({ id }) => id).join();
  const isMoved = next.files.length === previous.files.length && ids(next) !== ids(previous);
  const index = next.files.findIndex(({ id }) => id === next.moved);
  const file = next.files[index];
  if (isMoved && file !== undefined) {
    const mark = file.fits ? "fits" : "does not fit";
    return `${file.name} ${mark}, ${index + 1} of ${next.files.length}.`;
  }
  const isSame = next.fitting === previous.fitting && next.files.length === previous.files.length;
  return isSame ? null : `${fitting}.`;
}

/** Files that were stored and taken away before anybody was told that they are done. */
function newlyLeft(previous: UploadsState, next: UploadsState): UploadItem[] {
  if (next.left === previous.left) return [];
  const old = new Set(previous.left);
  const seenDone = new Set(
    previous.files.flatMap(({ id, status }) => (status.status === "done" ? [id] : [])),
  );
  return next.left.filter((item) => !old.has(item) && !seenDone.has(item.id));
}

function percentOf({ totals: { sentBytes, totalBytes } }: UploadsState): number {
  return totalBytes === 0 ? 0 : (sentBytes / totalBytes) * 100;
}

function subject(items: readonly UploadItem[]): string {
  return items.length === 1 ? (items[0]?.name ?? "") : `${items.length} files`;
}

function failure({ name, size, status }: UploadItem): string {
  const { label, detail } = describeStatus(status, size);
  return [`${name}: ${label}.`, detail].filter((part) => part !== null).join(" ");
}
