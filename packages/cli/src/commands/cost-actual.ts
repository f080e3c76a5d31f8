import { costsQuery } from "@audiotricks/protocol/costs";
import { setActual } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { formatMoney, parseMoney } from "../money.ts";
import { formatSize, parseSize } from "../sizes.ts";

export const costActual: Command = {
  name: "cost actual",
  synopsis: "--month 2026-11 --vendor digitalocean_spaces [--total 12.34] [--egress 1.5TiB]",
  summary: "Writes down what a vendor's own bill says of a month, which cost then shows beside its estimate.",
  options: {
    month: { type: "string" },
    vendor: { type: "string" },
    total: { type: "string" },
    egress: { type: "string" },
  },
  changes: () => ({ action: "setActualCost" }),
  run: async ({ db, by }, words) => {
    const [month, providerName] = [words.required("month"), words.required("vendor")];
    if (!costsQuery.shape.month.safeParse(month).success)
      throw new CliError("usage", "--month is one such as 2026-11.");
    const [total, egress] = [words.text("total"), words.text("egress")];
    const totalMicros = total === undefined ? undefined : parseMoney(total);
    const egressBytes = egress === undefined ? undefined : parseSize(egress);
    if (total !== undefined && totalMicros === undefined)
      throw new CliError("usage", "--total is dollars, such as 12.34.");
    if (egress !== undefined && egressBytes === undefined)
      throw new CliError("usage", "--egress is a size, such as 1.5TiB.");
    await setActual(db, { month, providerName, totalMicros, egressBytes }, by);
    const told = [
      ...(totalMicros === undefined ? [] : [formatMoney(totalMicros)]),
      ...(egressBytes === undefined ? [] : [`${formatSize(egressBytes)} sent`]),
    ];
    return {
      json: { month, providerName, totalMicros: totalMicros ?? null, egressBytes: egressBytes ?? null },
      text: `${month}, ${providerName}: ${told.join(", ")}.`,
    };
  },
};
