import {
  type CostsResponse,
  costsQuery,
  costsResponse,
  type ForecastResponse,
  forecastQuery,
  forecastResponse,
  whatIfQuery,
  whatIfResponse,
} from "@audiotricks/protocol/costs";
import type { Storage } from "@audiotricks/storage";
import type { Guard } from "../access/guard.ts";
import type { CompanionApp } from "../companion-env.ts";
import { type CsvTable, createAddTable } from "./tables.ts";

/** What it costs, will cost, and would cost: millionths of a US dollar. */
export function addCostRoutes(app: CompanionApp, { costs }: Storage, guard: Guard): void {
  const add = createAddTable(app, guard);
  add({
    name: "costs",
    action: "readCosts",
    summary: "What a month costs so far, by bucket and by workspace; for operators",
    query: costsQuery,
    answer: costsResponse,
    read: (principal, query) => costs.report(principal, query),
    csv: (answer, { table = "providers" }) => CSV[table](answer),
  });
  add({
    name: "costs/forecast",
    action: "forecastCosts",
    summary: "What this month will have cost, and how sure that is; for operators",
    query: forecastQuery,
    answer: forecastResponse,
    read: (principal) => costs.forecast(principal),
    csv: forecastCsv,
  });
  add({
    name: "costs/what-if",
    action: "whatIfCosts",
    summary: "What a month would cost if such files were in cold storage; for operators",
    query: whatIfQuery,
    answer: whatIfResponse,
    read: (principal, query) => costs.whatIf(principal, query),
    csv: ({ providers }) => ({
      columns: [...PLACE, "files", "movedBytes", ...WHAT_IF_MICROS],
      rows: providers,
    }),
  });
}

const PLACE = ["providerId", "providerName", "region", "bucket"];
const PARTS = ["base", "storage", "cold", "egress", "retrieval", "requests"];
const INVISIBLE = ["incompleteParts", "oldVersions", "orphans"];
const WHAT_IF_MICROS = ["beforeMicros", "afterMicros", "retrievalMicros", "remainderMicros", "movingMicros"];

/** What is one within another in messages is a column for each here. */
const CSV: Record<"providers" | "payers" | "unpriced", (answer: CostsResponse) => CsvTable> = {
  providers: ({ providers }) => ({
    columns: [...PLACE, "totalMicros", ...PARTS, ...INVISIBLE, "averageBytes", "egressBytes", "priceFrom"],
    rows: providers.map(({ parts, invisibleMicros, price, ...row }) => ({
      ...row,
      ...parts,
      ...invisibleMicros,
      priceFrom: price.source,
    })),
  }),
  payers: ({ payers, otherPayersMicros }) => ({
    columns: ["scope", "workspaceId", "totalMicros", ...PARTS],
    rows: [
      ...payers.map(({ payer, totalMicros, parts }) => ({
        scope: payer.scope,
        workspaceId: payer.scope === "workspace" ? payer.id : null,
        totalMicros,
        ...parts,
      })),
      ...(otherPayersMicros === 0 ? [] : [{ scope: "others", totalMicros: otherPayersMicros }]),
    ],
  }),
  unpriced: ({ unpriced }) => ({ columns: [...PLACE, "averageBytes", "egressBytes"], rows: unpriced }),
};

function forecastCsv({ providers, totalMicros }: ForecastResponse): CsvTable {
  const range = ["low", "expected", "high"];
  const rows = providers.map(({ totalMicros: sums, ...place }) => ({ ...place, ...sums }));
  return { columns: [...PLACE, ...range], rows: [...rows, { bucket: "all", ...totalMicros }] };
}
