import type { ConfigState } from "./config-state.ts";
import { describeError } from "./describe-error.ts";
import { findViolation } from "./restrictions.ts";
import type { RefusedFile } from "./uploads-state.ts";

/**
 * Why Uppy did not take a file, said in our words: which rule it was is worked out again, since Uppy only gives a sentence.
 *
 * @param sentence What Uppy says, for rules that are the host's.
 */
export function explainRefusal(
  file: { name: string; size: number },
  isKnown: boolean,
  config: ConfigState,
  sentence: string,
): Omit<RefusedFile, "id"> {
  const violation = config.status === "ready" ? findViolation(file, config.config) : null;
  if (violation) return { ...file, code: violation.code, ...describeError(violation) };
  if (isKnown) {
    return {
      ...file,
      code: "already_added",
      title: "Already in the list",
      advice: "It is being uploaded; there is nothing to do.",
    };
  }
  return { ...file, code: "restricted", title: "Not added", advice: sentence };
}
