import { describeError, type ErrorText } from "./describe-error.ts";
import type { RefusedFile } from "./uploads-state.ts";
import { ENGLISH, type Words } from "./words.ts";

/** Why a file was not taken, and what to do about it. */
export function describeRefusal(refused: RefusedFile, words: Words = ENGLISH): ErrorText {
  if (refused.error !== null) return describeError(refused.error, words);
  if (refused.code === "already_added") {
    return { title: words.say("alreadyAdded"), advice: words.say("alreadyAddedAdvice") };
  }
  return { title: words.say("notAdded"), advice: refused.sentence };
}
