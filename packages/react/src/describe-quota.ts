import type { QuotaScope } from "@audiotricks/protocol/messages";
import { formatBytes } from "./format-bytes.ts";

/** One scope in words: `{ summary: "2.1 GB of 10 GB used", level: null, detail: "300 MB on its way · 7.6 GB free · 12 of 50 files" }`. */
export function describeQuota(quota: QuotaScope): {
  summary: string;
  /** How near the limit it is, from 80 % on. */
  level: string | null;
  detail: string | null;
} {
  const { usedBytes, reservedBytes, limitBytes, status } = quota;
  const arriving = reservedBytes > 0 ? `${formatBytes(reservedBytes)} on its way` : null;
  const level = LEVELS[status];
  const files = describeFiles(quota);
  if (limitBytes === null) {
    const detail = [arriving, files].filter((part) => part !== null).join(" · ");
    return {
      summary: `${formatBytes(usedBytes)} used, no limit`,
      level,
      detail: detail === "" ? null : detail,
    };
  }
  const free = limitBytes - usedBytes - reservedBytes;
  const room = free > 0 ? `${formatBytes(free)} free` : "Full. Delete files you no longer need to make room.";
  return {
    summary: `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} used`,
    level,
    detail: [arriving, files, room].filter((part) => part !== null).join(" · "),
  };
}

const LEVELS: Record<QuotaScope["status"], string | null> = {
  normal: null,
  high: "Over 80 % full",
  warning: "Over 90 % full",
  over_quota: "Over the limit",
};

function describeFiles({ usedFiles, limitFiles }: QuotaScope): string | null {
  if (limitFiles === null) return null;
  return `${usedFiles.toLocaleString("en")} of ${limitFiles.toLocaleString("en")} files`;
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
