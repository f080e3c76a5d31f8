import type { QuotaScope } from "@audiotricks/protocol/messages";
import { formatBytes } from "./format-bytes.ts";

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
export function describeNotice({ scope, status }: QuotaNotice, quota: QuotaScope | undefined): string {
  const place = scope === "user" ? "Your storage" : "This workspace";
  const full = quota === undefined ? "" : usedOf(quota);
  const used = full === "" ? "" : `: ${full} are used`;
  switch (status) {
    case "over_quota":
      return `${place} is over its limit${used}. What is there stays; nothing can be added until there is room.`;
    case "warning":
      return `${place} is over 90 % full${used}.`;
    case "high":
      return `${place} is over 80 % full${used}.`;
    case "normal":
      return `${place} has room.`;
  }
}

/** Of the limits, those that it is about. */
function usedOf({ usedBytes, limitBytes, usedFiles, limitFiles }: QuotaScope): string {
  const isNear = (used: number, limit: number) => used > limit * FIRST_LEVEL;
  const count = (files: number) => files.toLocaleString("en");
  return [
    limitBytes !== null && isNear(usedBytes, limitBytes)
      ? `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}`
      : null,
    limitFiles !== null && isNear(usedFiles, limitFiles)
      ? `${count(usedFiles)} of ${count(limitFiles)} files`
      : null,
  ]
    .filter((part) => part !== null)
    .join(" and ");
}

function levelOf(status: QuotaScope["status"]): number {
  return LEVELS.indexOf(status);
}
