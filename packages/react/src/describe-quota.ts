import type { QuotaScope } from "@audiotricks/protocol/messages";
import { formatBytes } from "./format-bytes.ts";

/** One scope in words: `{ summary: "2.1 GB of 10 GB used", detail: "300 MB on its way · 7.6 GB free" }`. */
export function describeQuota(quota: QuotaScope): { summary: string; detail: string | null } {
  const { usedBytes, reservedBytes, limitBytes } = quota;
  const arriving = reservedBytes > 0 ? `${formatBytes(reservedBytes)} on its way` : null;
  if (limitBytes === null) return { summary: `${formatBytes(usedBytes)} used, no limit`, detail: arriving };
  const free = limitBytes - usedBytes - reservedBytes;
  const room = free > 0 ? `${formatBytes(free)} free` : "Full. Delete files you no longer need to make room.";
  return {
    summary: `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} used`,
    detail: [arriving, room].filter((part) => part !== null).join(" · "),
  };
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
