import type { QuotaScope } from "@audiotricks/protocol/messages";
import { formatBytes } from "./format-bytes.ts";
import { ENGLISH, type Words } from "./words.ts";

/** That a quota came closer to its limit while the page was open. */
export type QuotaNotice = Pick<QuotaScope, "scope" | "id" | "status">;

const LEVELS: readonly QuotaScope["status"][] = ["normal", "high", "warning", "over_quota"];

/** Share of a limit from which on there is anything to say. */
const FIRST_LEVEL = 0.8;

/**
 * What is to be seen after a new reading: a notice for each level that was crossed upwards since the one before, until there is room
 * again or another level is crossed. Told once: what a person took away does not come back while the level stays.
 *
 * @param previous The reading before; `null` for none, of which nothing can be told.
 */
export function nextNotices(
  notices: readonly QuotaNotice[],
  previous: readonly QuotaScope[] | null,
  next: readonly QuotaScope[],
): readonly QuotaNotice[] {
  const told = next.flatMap(({ scope, id, status }): QuotaNotice[] => {
    const before = previous?.find((quota) => quota.scope === scope && quota.id === id);
    if (before !== undefined && levelOf(status) > levelOf(before.status)) return [{ scope, id, status }];
    const old = notices.find((notice) => notice.scope === scope && notice.id === id);
    return old !== undefined && levelOf(status) >= levelOf(old.status) ? [old] : [];
  });
  const isSame = told.length === notices.length && told.every((notice, index) => notice === notices[index]);
  return isSame ? notices : told;
}

/** `"Your storage is over 80 % full: 8.2 GB of 10 GB and 12 of 50 files are used."` */
export function describeNotice(
  { scope, status }: QuotaNotice,
  quota: QuotaScope | undefined,
  words: Words = ENGLISH,
): string {
  const { say } = words;
  const isUser = scope === "user";
  const used = quota === undefined ? "" : usedOf(quota, words);
  const sentenceOf = (notice: string) =>
    used === "" ? say("sentence", { text: notice }) : say("noticeUsed", { notice, used });
  switch (status) {
    case "over_quota":
      return words.join(
        sentenceOf(say(isUser ? "yoursOverLimit" : "workspaceOverLimit")),
        say("overLimitAdvice"),
      );
    case "warning":
    case "high": {
      const percent = status === "high" ? 80 : 90;
      return sentenceOf(say(isUser ? "yoursOverPercent" : "workspaceOverPercent", { percent }));
    }
    case "normal":
      return say("sentence", { text: say(isUser ? "yoursHasRoom" : "workspaceHasRoom") });
  }
}

/** Of the limits, those that it is about. */
function usedOf({ usedBytes, limitBytes, usedFiles, limitFiles }: QuotaScope, words: Words): string {
  const isNear = (used: number, limit: number) => used > limit * FIRST_LEVEL;
  const parts = [
    limitBytes !== null && isNear(usedBytes, limitBytes)
      ? words.say("amountOf", {
          amount: formatBytes(usedBytes, words),
          total: formatBytes(limitBytes, words),
        })
      : null,
    limitFiles !== null && isNear(usedFiles, limitFiles)
      ? words.count("filesOf", limitFiles, { used: usedFiles })
      : null,
  ].filter((part) => part !== null);
  return words.list(parts, "and");
}

function levelOf(status: QuotaScope["status"]): number {
  return LEVELS.indexOf(status);
}
