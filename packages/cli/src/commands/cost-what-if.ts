import { whatIfQuery } from "@audiotricks/protocol/costs";
import { whatIfColdOf } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Words } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { formatMoney } from "../money.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

export const costWhatIf: Command = {
  name: "cost what-if",
  synopsis: "[--older-than 90d] [--not-fetched-for 30d] [--kind audio_file]",
  summary:
    "What a month would cost if such files were in cold storage: it moves nothing. Files that anyone may read stay, since what is cold has no CDN. Ends with 2 where it is not known.",
  options: {
    "older-than": { type: "string" },
    "not-fetched-for": { type: "string" },
    kind: { type: "string" },
  },
  run: async ({ db }, words) => {
    const rule = whatIfQuery.safeParse({
      olderThanDays: readDays(words, "older-than"),
      notFetchedForDays: readDays(words, "not-fetched-for"),
      kind: words.text("kind"),
    });
    const isEmpty = ["older-than", "not-fetched-for", "kind"].every((name) => words.text(name) === undefined);
    if (!rule.success || isEmpty)
      throw new CliError(
        "usage",
        "Say which files: --older-than 90d, --not-fetched-for 30d, or --kind audio_file, export_file, avatar, document or backup.",
      );
    const outcome = await whatIfColdOf(db, rule.data);
    const rows = outcome.providers.map((one) => [
      one.bucket,
      one.region,
      String(one.files),
      formatSize(one.movedBytes),
      formatMoney(one.beforeMicros),
      formatMoney(one.afterMicros),
      formatMoney(one.movingMicros),
    ]);
    const { savedMicros } = outcome;
    const text = [
      textTable(["BUCKET", "REGION", "FILES", "MOVED", "BEFORE", "AFTER", "MOVING, ONCE"], rows),
      "",
      savedMicros < 0
        ? `It would cost ${formatMoney(-savedMicros)} a month more.`
        : `It would save ${formatMoney(savedMicros)} a month.`,
      ...outcome.unknown.map(({ bucket, reason }) =>
        reason === "no_price"
          ? `No price is known for ${bucket}.`
          : `Nothing can be cold where ${bucket} is.`,
      ),
    ];
    return {
      json: outcome,
      text: text.join("\n"),
      exitCode: outcome.unknown.length > 0 ? EXIT.look : EXIT.ok,
    };
  },
};

function readDays(words: Words, name: string): number | undefined {
  const text = words.text(name);
  if (text === undefined) return undefined;
  const [, days] = /^(\d{1,5})d?$/.exec(text) ?? [];
  if (days === undefined) throw new CliError("usage", `--${name} is a number of days, such as 90d.`);
  return Number(days);
}
