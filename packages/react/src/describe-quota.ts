import type { QuotaScope } from "@audiotricks/protocol/messages";
import { formatBytes } from "./format-bytes.ts";
import { joinFacts } from "./join-facts.ts";
import { ENGLISH, type Words } from "./words.ts";

/** One scope in words: `{ summary: "2.1 GB of 10 GB used", level: null, detail: "300 MB on its way · 7.6 GB free · 12 of 50 files" }`. */
export function describeQuota(
  quota: QuotaScope,
  words: Words = ENGLISH,
): {
  summary: string;
  /** How near the limit it is, from 80 % on. */
  level: string | null;
  detail: string | null;
} {
  const { usedBytes, reservedBytes, limitBytes, status } = quota;
  const { say } = words;
  const used = formatBytes(usedBytes, words);
  const arriving = reservedBytes > 0 ? say("onItsWay", { size: formatBytes(reservedBytes, words) }) : null;
  const level = levelOf(status, words);
  const files = describeFiles(quota, words);
  if (limitBytes === null) {
    const detail = joinFacts([arriving, files]);
    return { summary: say("usedNoLimit", { used }), level, detail: detail === "" ? null : detail };
  }
  const free = limitBytes - usedBytes - reservedBytes;
  const room = free > 0 ? say("free", { size: formatBytes(free, words) }) : say("full");
  return {
    summary: say("usedOf", { used, limit: formatBytes(limitBytes, words) }),
    level,
    detail: joinFacts([arriving, files, room]),
  };
}

function levelOf(status: QuotaScope["status"], words: Words): string | null {
  switch (status) {
    case "normal":
      return null;
    case "high":
      return words.say("overPercent", { percent: 80 });
    case "warning":
      return words.say("overPercent", { percent: 90 });
    case "over_quota":
      return words.say("overLimit");
  }
}

function describeFiles({ usedFiles, limitFiles }: QuotaScope, words: Words): string | null {
  return limitFiles === null ? null : words.count("filesOf", limitFiles, { used: usedFiles });
}

/** Shares of the limit, 0 to 1, that together never exceed 1; both 0 where there is no limit. */
export function quotaShares({ usedBytes, reservedBytes, limitBytes }: QuotaScope): {
  used: number;
  reserved: number;
} {
  if (limitBytes === null) return { used: 0, reserved: 0 };
  const used = limitBytes === 0 ? 1 : Math.min(1, usedBytes / limitBytes);
  return { used, reserved: limitBytes === 0 ? 0 : Math.min(1 - used, reservedBytes / limitBytes) };
}
