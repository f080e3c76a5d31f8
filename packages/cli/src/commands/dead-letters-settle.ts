import { dropDeadLetters, replayDeadLetters } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";

const DEEDS = {
  retry: {
    work: replayDeadLetters,
    action: "replayEvents",
    summary: "Sends events again that were given up, under their old ids.",
    done: "will be sent again",
  },
  drop: {
    work: dropDeadLetters,
    action: "dropEvents",
    summary: "Gives events up for good that no receiver took: nobody will hear of them.",
    done: "were dropped",
  },
} as const;

export const deadLettersRetry = commandTo("retry");
export const deadLettersDrop = commandTo("drop");

/** Safe to repeat and beside running servers: what is no dead letter (any more) is left as it is. */
function commandTo(deed: keyof typeof DEEDS): Command {
  const { work, action, summary, done } = DEEDS[deed];
  return {
    name: `dead-letters ${deed}`,
    synopsis: "ID… | --all",
    summary: `${summary} Ends with 2 if some of those that are named are no dead letters.`,
    options: { all: { type: "boolean" } },
    takesId: "many",
    changes: (words) => ({ action, resourceId: words.ids().length === 1 ? words.ids()[0] : undefined }),
    run: async ({ db, by }, words) => {
      const ids = words.ids();
      // Nothing is everybody's by default: who means all says so.
      if (ids.length > 0 === words.has("all"))
        throw new CliError("usage", "Give the ids of events (dead-letters list), or --all.");
      const count = await work(db, words.has("all") ? undefined : ids, by);
      const others = words.has("all") ? 0 : ids.length - count;
      return {
        json: { asked: words.has("all") ? null : ids.length, done: count },
        text: `${count} events ${done}.${others > 0 ? ` ${others} are no dead letters.` : ""}`,
        exitCode: others > 0 ? EXIT.look : EXIT.ok,
      };
    },
  };
}
