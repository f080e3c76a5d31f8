import { costsQuery } from "@audiotricks/protocol/costs";
import { reportCostsOf } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { formatMoney } from "../money.ts";
import { readId } from "../read-words.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

type Costs = Awaited<ReturnType<typeof reportCostsOf>>;

export const cost: Command = {
  name: "cost",
  synopsis: "[--month 2026-11] [--workspace ID] [--provider ID]",
  summary:
    "What a month costs so far, by bucket and by workspace, with what nobody sees: parts of unfinished uploads, old versions, objects without a file. An estimate: what goes out is what URLs were issued for. Ends with 2 where a price is not known, or hours were not counted.",
  options: { month: { type: "string" }, workspace: { type: "string" }, provider: { type: "string" } },
  run: async ({ db }, words) => {
    const month = costsQuery.shape.month.safeParse(words.text("month"));
    if (!month.success) throw new CliError("usage", "--month is one such as 2026-11.");
    const costs = await reportCostsOf(db, {
      month: month.data,
      workspaceId: readId(words, "workspace"),
      providerId: readId(words, "provider"),
      limit: costsQuery.shape.limit.parse(undefined),
    });
    const problems = findProblems(costs);
    return {
      json: costs,
      text: [...describe(costs), ...problems].join("\n"),
      exitCode: problems.length > 0 ? EXIT.look : EXIT.ok,
    };
  },
};

function describe({ month, totalMicros, providers, payers, otherPayersMicros, actuals }: Costs): string[] {
  const buckets = providers.map(
    ({ region, bucket, averageBytes, egressBytes, parts, invisibleMicros, ...all }) => [
      bucket,
      region,
      formatSize(averageBytes),
      formatSize(egressBytes),
      formatMoney(parts.base),
      formatMoney(parts.storage + parts.cold),
      formatMoney(invisibleMicros.incompleteParts + invisibleMicros.oldVersions + invisibleMicros.orphans),
      formatMoney(invisibleMicros.copies),
      formatMoney(parts.egress + parts.retrieval + parts.requests),
      formatMoney(all.totalMicros),
    ],
  );
  const head = [
    "BUCKET",
    "REGION",
    "HELD",
    "SENT",
    "FEE",
    "STORAGE",
    "INVISIBLE",
    "COPIES",
    "TRAFFIC",
    "TOTAL",
  ];
  const rows = payers.map((one) => [
    one.payer.scope === "workspace" ? one.payer.id : one.payer.scope,
    formatMoney(one.totalMicros),
  ]);
  if (otherPayersMicros > 0) rows.push(["others", formatMoney(otherPayersMicros)]);
  return [
    `${month}: ${formatMoney(totalMicros)}`,
    "",
    textTable(head, buckets),
    "",
    textTable(["WORKSPACE", "TOTAL"], rows),
    ...actuals.map(
      (actual) =>
        `\nThe bill of ${actual.providerName}: ${actual.totalMicros === null ? "no total" : formatMoney(actual.totalMicros)} (estimated ${formatMoney(actual.estimatedMicros)}), sent ${actual.egressBytes === null ? "not known" : formatSize(actual.egressBytes)} (estimated ${formatSize(actual.estimatedEgressBytes)}).`,
    ),
  ];
}

function findProblems({ unpriced, hours }: Costs): string[] {
  const problems = unpriced.map(
    ({ bucket, providerName, region, averageBytes }) =>
      `No price is known of ${providerName} in ${region}: ${bucket}, which holds ${formatSize(averageBytes)}, is in no sum. Set one: cost price --file FILE.`,
  );
  if (hours.counted === 0) problems.push("No hour of this month was counted: what lies there is in no sum.");
  else if (hours.counted < hours.passed)
    problems.push(
      `${hours.passed - hours.counted} of ${hours.passed} hours were not counted; they are taken for the mean of the others.`,
    );
  return problems.length > 0 ? ["", ...problems] : [];
}
