import { describeError, type ErrorText } from "./describe-error.ts";
import { describeFinding } from "./describe-finding.ts";
import type { RefusedFile } from "./uploads-state.ts";
import { ENGLISH, type Words } from "./words.ts";

/** Why a file was not taken, and what to do about it. */
export function describeRefusal(refused: RefusedFile, words: Words = ENGLISH): ErrorText {
  const [first, ...others] = refused.findings.map((finding) => describeFinding(finding, words));
  if (first !== undefined) {
    const more = others.map(({ title, advice }) =>
      words.join(words.say("sentence", { text: title }), advice),
    );
    return { title: first.title, advice: words.join(first.advice, ...more) };
  }
  if (refused.error !== null) return describeError(refused.error, words);
  if (refused.code === "already_added") {
    return { title: words.say("alreadyAdded"), advice: words.say("alreadyAddedAdvice") };
  }
  return { title: words.say("notAdded"), advice: refused.sentence };
}
