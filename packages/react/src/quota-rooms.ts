import type { QuotaScope } from "@audiotricks/protocol/messages";
import type { Demand, Room } from "./fit-in-order.ts";
import { formatBytes } from "./format-bytes.ts";
import type { Words } from "./words.ts";

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
export function describeRooms(rooms: readonly Room[], words: Words): string {
  return rooms.map((room) => describeRoom(room, words)).join(words.say("listSeparator"));
}

function describeRoom({ scope, bytes, files }: Room, words: Words): string {
  const parts = [
    bytes === null ? null : formatBytes(Math.max(0, bytes), words),
    files === null ? null : words.count("moreFiles", Math.max(0, files)),
  ].filter((part) => part !== null);
  const room = words.list(parts, "and");
  return scope === "user" ? words.say("inYourStorage", { room }) : words.say("inWorkspace", { room });
}
