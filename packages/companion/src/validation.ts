import { UploadError, type UploadErrorCode } from "@audiotricks/protocol";
import type { z } from "zod";

type Validated<T> =
  | { target: string; success: true; data: T }
  | { target: string; success: false; error: z.core.$ZodError };

const MAX_ISSUES = 20;
const MAX_ISSUE_LENGTH = 200;

/**
 * Turns a failed validation into `invalid_request`.
 *
 * @param absent Path parameters that are ids: one that cannot be an id names nothing, and is answered as absent.
 */
export function validation(absent: Record<string, UploadErrorCode> = {}) {
  return <T>(result: Validated<T>): undefined => {
    if (result.success) {
      requireStorableText(result.data);
      return;
    }
    if (result.target === "param") {
      for (const { path } of result.error.issues) {
        const code = absent[String(path[0])];
        if (code !== undefined) throw new UploadError(code, "There is nothing by this id.");
      }
    }
    throw new UploadError("invalid_request", `${PLACES[result.target] ?? "The request is"} not valid.`, {
      details: { issues: describeIssues(result.error) },
    });
  };
}

const PLACES: Record<string, string> = {
  json: "The body is",
  query: "The query is",
  param: "The path is",
  header: "The headers are",
};

/** Where and what, in bounds: keys come from the caller, and an answer must not carry its input back at length. */
function describeIssues(error: z.core.$ZodError): { path: string; message: string }[] {
  return error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: path.map(String).join(".").slice(0, MAX_ISSUE_LENGTH),
    message: message.slice(0, MAX_ISSUE_LENGTH),
  }));
}

/** PostgreSQL takes neither NUL nor half a surrogate pair, in text or in jsonb. Walks without recursion: input nests at will. */
function requireStorableText(data: unknown): void {
  const rest: unknown[] = [data];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === "string") {
      if (value.includes("\0") || !value.isWellFormed())
        throw new UploadError("invalid_request", "Text must be well-formed Unicode without NUL.");
    } else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) rest.push(key, member);
    }
  }
}
