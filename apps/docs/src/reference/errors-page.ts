import { UPLOAD_ERRORS, UploadError, type UploadErrorCode } from "@audiotricks/protocol";
import { en } from "@audiotricks/upload-react/locales/en";
import { generatedNote } from "../markdown.ts";
import { ERROR_CAUSES } from "./error-causes.ts";

/** Every code: when it is answered, what a developer does, what the widget says. */
export function errorsPage(): string {
  const codes = Object.keys(UPLOAD_ERRORS) as UploadErrorCode[];
  return `${[
    generatedNote("packages/protocol/src/errors.ts"),
    "# Errors",
    'Every failure is `{"error": {"code", "message", "details?"}}`. Programs go by `code`, which is stable; `message` is for people. What is *repeatable* can succeed when the same request is made again; the engine does that by itself. *The widget says* is its English; `describeError` gives the words in any language.',
    ...codes.map(describe),
  ].join("\n\n")}\n`;
}

function describe(code: UploadErrorCode): string {
  const { status, retryable } = new UploadError(code, "");
  const [title, advice] = en.errors[code];
  const { why, remedy } = ERROR_CAUSES[code];
  return [
    `## \`${code}\``,
    `**${status}${retryable ? ", repeatable" : ""}.** ${why}`,
    `- **What to do:** ${remedy}\n- **The widget says:** ${title}. ${advice}`,
  ].join("\n\n");
}
