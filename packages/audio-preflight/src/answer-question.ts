import type { AudioFacts } from "./audio-facts.ts";
import { coverBitmap } from "./cover-bitmap.ts";
import { inspectAudio } from "./inspect-audio.ts";
import type { Answer, Question } from "./preflight-messages.ts";

/** Reading waits for the disk: others are looked at meanwhile. */
const AT_ONCE = 4;

/** Looks into files, in a worker or, where there is none, on the page. Never rejects. */
export async function answerQuestion(question: Question): Promise<Answer> {
  const { id } = question;
  switch (question.ask) {
    case "facts":
      return { id, facts: await factsOfAll(question.files, question.timeLimitMs) };
    case "cover":
      return { id, cover: await coverBitmap(question.file, question.maxBytes, question.side) };
  }
}

async function factsOfAll(files: readonly Blob[], timeLimitMs: number): Promise<(AudioFacts | null)[]> {
  const facts: (AudioFacts | null)[] = files.map(() => null);
  const left = files.entries();
  const work = async () => {
    for (const [index, file] of left) facts[index] = await inspectAudio(file, { timeLimitMs });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return facts;
}
