import {
  type Database,
  type DeadLetter,
  dropDeadLetters,
  listDeadLetters,
  replayDeadLetters,
} from "@audiotricks/storage";
import type { Kysely } from "kysely";
import type { DeadLetterWishes } from "./read-wishes.ts";

/**
 * Lists events that were given up, sends them again, or drops them for good. Safe to repeat and beside running servers:
 * what is no dead letter (any more) is left as it is.
 *
 * @returns Exit code: 1 if not all that were named were dead letters.
 */
export async function runDeadLetters(
  db: Kysely<Database>,
  options: { wishes: DeadLetterWishes; write: (line: string) => void; say: (sentence: string) => void },
): Promise<0 | 1> {
  const { wishes, write, say } = options;
  if (wishes.do === "list") {
    const letters = await listDeadLetters(db, { limit: wishes.limit });
    for (const letter of letters) write(wishes.isJson ? JSON.stringify(letter) : describe(letter));
    say(
      letters.length < wishes.limit
        ? `${letters.length} events were given up.`
        : `The last ${letters.length} events that were given up; --limit=N lists more.`,
    );
    return 0;
  }
  const { ids } = wishes;
  const work = wishes.do === "retry" ? replayDeadLetters : dropDeadLetters;
  const done = await work(db, ids ?? undefined);
  if (wishes.isJson) write(JSON.stringify({ do: wishes.do, asked: ids?.length ?? null, done }));
  const others = (ids?.length ?? done) - done;
  const what = wishes.do === "retry" ? "will be sent again" : "were dropped";
  say(`${done} events ${what}.${others > 0 ? ` ${others} are no dead letters.` : ""}`);
  return others > 0 ? 1 : 0;
}

function describe({ id, type, orderingKey, attempts, gaveUpAt, lastError }: DeadLetter): string {
  return `${id}  ${type}  ${orderingKey}  ${gaveUpAt.toISOString()}  ${attempts} attempts  ${lastError ?? "-"}`;
}
