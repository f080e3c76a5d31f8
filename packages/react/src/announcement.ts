import { compareItems } from "./compare-items.ts";
import { describeFitting } from "./describe-choice.ts";
import { describeFinding } from "./describe-finding.ts";
import { describeStatus } from "./describe-status.ts";
import { describeStems, describeStemUnit } from "./describe-stems.ts";
import { describeNotice } from "./quota-notices.ts";
import type { UploadChoice } from "./upload-choice.ts";
import { isUnfinished, type UploadItem, type UploadsState } from "./uploads-state.ts";
import { ENGLISH, type Words } from "./words.ts";

/** Progress is said at these shares of all bytes, in percent; more often would be noise. */
const STEPS = [25, 50, 75];
/** Failures that are said one by one. */
const MOST_FAILURES = 3;

/** What a screen reader should hear about the step from one state to the next; `null` for nothing. */
export function announcementOf(
  previous: UploadsState,
  next: UploadsState,
  words: Words = ENGLISH,
): string | null {
  const changes = compareItems(previous.files, next.files);
  const { added } = changes;
  const others = changes.changed.filter(({ before, after }) => before.status.status !== after.status.status);
  const changed = [...added, ...others.map(({ after }) => after)];
  const left = newlyLeft(previous, next);
  const leftIds = new Set(left.map(({ id }) => id));
  // Those are in an alert.
  const refusedIds = new Set(next.refused.map(({ itemId }) => itemId));
  const isCancelled = ({ id, status }: UploadItem) =>
    isUnfinished(status) && !leftIds.has(id) && !refusedIds.has(id);
  const cancelled = changes.removed.filter(isCancelled);
  const warned = [
    ...added,
    ...changes.changed
      .filter(({ before, after }) => before.warnings !== after.warnings)
      .map(({ after }) => after),
  ];
  const warnings = warned.flatMap(({ name, warnings: [first] }) =>
    first === undefined ? [] : [[name, describeFinding(first, words).title] as const],
  );
  const done = [...left, ...changed.filter(({ status }) => status.status === "done")];
  const failed = changed.filter(({ status }) => status.status === "failed");
  const offline = changed.some(({ status }) => status.status === "waiting" && status.reason === "offline");

  const sentences = [
    choiceNews(previous.choice, next.choice, words),
    ...next.quotaNotices
      .filter((notice) => !previous.quotaNotices.includes(notice))
      .map((notice) => describeNotice(notice, undefined, words)),
    filesNews("saidAdded", added, words),
    ...next.stems
      .filter((set) => !previous.stems.some(({ id }) => id === set.id))
      .map((set) => words.say("sentence", { text: describeStems(set, words) })),
    ...next.stemUnits
      .filter(({ id, status }) => {
        const before = previous.stemUnits.find((unit) => unit.id === id)?.status;
        return status !== before && (status === "short" || status === "published");
      })
      .map((unit) =>
        words.join(
          words.say("sentence", { text: describeStems(unit, words) }),
          describeStemUnit(unit, words),
        ),
      ),
    ...warnings.slice(0, MOST_FAILURES).map(([name, reason]) => words.say("saidFailed", { name, reason })),
    filesNews(
      "saidAlready",
      next.already.filter(({ id }) => !previous.already.some((each) => each.id === id)),
      words,
    ),
    filesNews("saidCancelled", cancelled, words),
    filesNews("saidUploaded", done, words),
    ...failed.slice(0, MOST_FAILURES).map((item) => failure(item, words)),
    failed.length > MOST_FAILURES ? words.count("saidMoreFailed", failed.length - MOST_FAILURES) : null,
    offline ? words.say("saidOffline") : null,
    previous.totals.unfinished > 0 && next.totals.unfinished === 0 && next.totals.done > 1 && done.length > 0
      ? words.say("saidThrough")
      : null,
  ].filter((sentence) => sentence !== null);
  if (sentences.length > 0) return words.join(...sentences);

  const percent = STEPS.findLast(
    (step) => percentOf(previous) < step && percentOf(next) >= step && percentOf(next) < 100,
  );
  // Another set of files is another hundred per cent: a step only counts within one.
  return percent === undefined || previous.totals.totalBytes !== next.totals.totalBytes
    ? null
    : words.say("saidPercent", { percent });
}

/** That there is something to choose, and what became of it by what a person did or by what else changed. */
function choiceNews(previous: UploadChoice | null, next: UploadChoice | null, words: Words): string | null {
  if (next === null || next === previous) return null;
  const fitting = describeFitting(next, words);
  if (previous === null) return words.say("saidChoose", { fitting });
  const ids = ({ files }: UploadChoice) => files.map(({ id }) => id).join();
  const isMoved = next.files.length === previous.files.length && ids(next) !== ids(previous);
  const index = next.files.findIndex(({ id }) => id === next.moved);
  const file = next.files[index];
  if (isMoved && file !== undefined) {
    const { name, fits } = file;
    return words.say(fits ? "saidFits" : "saidDoesNotFit", {
      name,
      place: index + 1,
      total: next.files.length,
    });
  }
  const isSame = next.fitting === previous.fitting && next.files.length === previous.files.length;
  return isSame ? null : words.say("sentence", { text: fitting });
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

/** One by its name, more by their number. */
function filesNews(
  news: "saidAdded" | "saidCancelled" | "saidUploaded" | "saidAlready",
  items: readonly Pick<UploadItem, "name">[],
  words: Words,
): string | null {
  const [first] = items;
  if (first === undefined) return null;
  return items.length === 1 ? words.say(news, { name: first.name }) : words.count(news, items.length);
}

function failure({ name, size, status }: UploadItem, words: Words): string {
  const { label, detail } = describeStatus(status, size, words);
  const sentence = words.say("saidFailed", { name, reason: label });
  return detail === null ? sentence : words.join(sentence, detail);
}
