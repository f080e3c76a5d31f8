import { forecastCostsOf } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { formatMoney } from "../money.ts";
import { textTable } from "../text-table.ts";

export const costForecast: Command = {
  name: "cost forecast",
  synopsis: "",
  summary:
    "What this month will have cost: along the line of the last fourteen days, with a range. Ends with 2 where a price is not known.",
  options: {},
  run: async ({ db }) => {
    const forecast = await forecastCostsOf(db);
    const { month, soFarMicros, totalMicros, providers, unpriced, daysUsed, method } = forecast;
    const rows = [
      ...providers.map(({ bucket, region, totalMicros: of }) => [
        bucket,
        region,
        formatMoney(of.low),
        formatMoney(of.expected),
        formatMoney(of.high),
      ]),
      [
        "all",
        "",
        formatMoney(totalMicros.low),
        formatMoney(totalMicros.expected),
        formatMoney(totalMicros.high),
      ],
    ];
    const text = [
      `${month}: ${formatMoney(soFarMicros)} so far`,
      "",
      textTable(["BUCKET", "REGION", "LOW", "EXPECTED", "HIGH"], rows),
      "",
      method === "trend"
        ? `By ${daysUsed} days.`
        : `Only ${daysUsed} whole days were counted: as it is now, and up to twice that.`,
      ...unpriced.map(({ bucket, region }) => `No price is known of ${region}: ${bucket} is in no sum.`),
    ];
    return { json: forecast, text: text.join("\n"), exitCode: unpriced.length > 0 ? EXIT.look : EXIT.ok };
  },
};
