import type { ConfigState } from "./config-state.ts";
import { findViolation } from "./restrictions.ts";
import type { RefusedFile } from "./uploads-state.ts";

/**
 * Why Uppy did not take a file: which rule it was is worked out again, since Uppy only gives a sentence.
 *
 * @param sentence What Uppy says, for rules that are the host's.
 */
export function explainRefusal(
  file: { name: string; size: number },
  isKnown: boolean,
  config: ConfigState,
  sentence: string,
): Omit<RefusedFile, "id"> {
  const nothing = { findings: [], itemId: null };
  const error = config.status === "ready" ? findViolation(file, config.config) : null;
  if (error) return { ...file, ...nothing, code: error.code, error, sentence };
  return { ...file, ...nothing, code: isKnown ? "already_added" : "restricted", error: null, sentence };
}
