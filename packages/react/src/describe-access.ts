import type { UploadErrorBody, UploadErrorCode } from "@audiotricks/protocol";
import type { AccessLevel, FileRecord } from "@audiotricks/protocol/messages";
import { describeError } from "./describe-error.ts";
import { ENGLISH, type Words } from "./words.ts";

/** Who may read a file, in a word or two, and in a sentence. */
export interface AccessText {
  title: string;
  note: string;
}

/** What giving a file this level means. */
export function describeLevel(level: AccessLevel, { say }: Words = ENGLISH): AccessText {
  switch (level) {
    case "private":
      return { title: say("accessPrivate"), note: say("accessPrivateNote") };
    case "workspace":
      return { title: say("accessWorkspace"), note: say("accessWorkspaceNote") };
    case "public":
      return { title: say("accessPublic"), note: say("accessPublicNote") };
  }
}

/** Levels that are offered for a file: those that it can be given, and the one that it has. */
export function levelsOf({ may, accessLevel }: Pick<FileRecord, "may" | "accessLevel">): AccessLevel[] {
  const order: readonly AccessLevel[] = ["private", "workspace", "public"];
  return order.filter((level) => level === accessLevel || may?.levels.includes(level));
}

/** Whether there is anything about who reads it that its reader could change. */
export function canShare(file: Pick<FileRecord, "may" | "accessLevel">): boolean {
  return file.may?.share === true || (file.may?.levels.some((level) => level !== file.accessLevel) ?? false);
}

/** Refusals whose advice is about the file, not about an upload of it. */
const WITH_ADVICE = new Set<UploadErrorCode>([
  "file_not_found",
  "file_not_ready",
  "access_changing",
  "access_not_allowed",
  "provider_unsupported",
  "rate_limited",
]);

/** Why sharing was refused, and what to do. */
export function describeSharingError(error: UploadErrorBody, words: Words = ENGLISH): string {
  const { say } = words;
  if (error.code === "forbidden") return say("notYoursToShare");
  const { title, advice } = describeError(error, words);
  const sentence = say("sentence", { text: title });
  return WITH_ADVICE.has(error.code) ? words.join(sentence, advice) : sentence;
}
