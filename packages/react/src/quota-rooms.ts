import type { QuotaScope } from "@audiotricks/protocol/messages";
import type { Demand, Room } from "./fit-in-order.ts";
import { formatBytes } from "./format-bytes.ts";

/**
 * What each limited scope has left: all that is neither used nor reserved.
 *
 * @param taken What will be reserved beside: files of this page that the companion had not been told of when it answered.
 */
export function roomsOf(quotas: readonly QuotaScope[], taken: Demand): Room[] {
  return quotas
    .filter(({ limitBytes, limitFiles }) => limitBytes !== null || limitFiles !== null)
    .map(({ scope, limitBytes, usedBytes, reservedBytes, limitFiles, usedFiles, reservedFiles }) => ({
      scope,
      bytes: limitBytes === null ? null : limitBytes - usedBytes - reservedBytes - taken.bytes,
      files: limitFiles === null ? null : limitFiles - usedFiles - reservedFiles - taken.files,
    }));
}

/** `"1.5 MB and 3 more files in your storage, 20 MB in this workspace"`; `""` where nothing is limited. */
export function describeRooms(rooms: readonly Room[]): string {
  return rooms.map(describeRoom).join(", ");
}

function describeRoom({ scope, bytes, files }: Room): string {
  const parts = [
    bytes === null ? null : formatBytes(Math.max(0, bytes)),
    files === null ? null : countFiles(Math.max(0, files)),
  ].filter((part) => part !== null);
  return `${parts.join(" and ")} in ${scope === "user" ? "your storage" : "this workspace"}`;
}

function countFiles(files: number): string {
  return files === 1 ? "1 more file" : `${files.toLocaleString("en")} more files`;
}
