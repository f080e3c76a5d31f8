import type { CostsResponse, ForecastResponse } from "@audiotricks/protocol/costs";
import { useState } from "react";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { bytes, count, counted, dollars } from "./formats.ts";
import { withQuery } from "./operator-route.ts";
import { PageLink } from "./page-link.tsx";
import { ShareBars } from "./share-bars.tsx";
import { short } from "./subject-link.tsx";
import { navigate, useLocation } from "./use-location.ts";
import { useWorkspaceNames } from "./use-workspace-names.ts";

type Bucket = CostsResponse["providers"][number];
type Payer = CostsResponse["payers"][number];
type Forecast = ForecastResponse["providers"][number];
type Unpriced = CostsResponse["unpriced"][number];
type NameOf = (workspaceId: string) => string | undefined;

const BUCKETS: readonly Column<Bucket>[] = [
  { title: "Bucket", cell: (row) => row.bucket },
  { title: "Region", cell: (row) => row.region },
  { title: "Total", isNumber: true, cell: (row) => dollars(row.totalMicros) },
  { title: "Base fee", isNumber: true, cell: (row) => dollars(row.parts.base) },
  { title: "Storage", isNumber: true, cell: (row) => dollars(row.parts.storage) },
  { title: "Cold", isNumber: true, cell: (row) => dollars(row.parts.cold) },
  { title: "Egress", isNumber: true, cell: (row) => dollars(row.parts.egress) },
  { title: "Requests", isNumber: true, cell: (row) => dollars(row.parts.requests) },
  {
    title: "Of no file",
    isNumber: true,
    cell: ({ invisibleMicros: { incompleteParts, oldVersions, orphans } }) =>
      dollars(incompleteParts + oldVersions + orphans),
  },
  { title: "Mean bytes", isNumber: true, cell: (row) => bytes(row.averageBytes) },
  { title: "Price checked", cell: (row) => row.price.checkedOn ?? "never" },
];
const FORECAST: readonly Column<Forecast>[] = [
  { title: "Bucket", cell: (row) => row.bucket },
  { title: "Region", cell: (row) => row.region },
  { title: "Low", isNumber: true, cell: (row) => dollars(row.totalMicros.low) },
  { title: "Expected", isNumber: true, cell: (row) => dollars(row.totalMicros.expected) },
  { title: "High", isNumber: true, cell: (row) => dollars(row.totalMicros.high) },
];
const UNPRICED: readonly Column<Unpriced>[] = [
  { title: "Bucket", cell: (row) => row.bucket },
  { title: "Region", cell: (row) => row.region },
  { title: "Mean bytes", isNumber: true, cell: (row) => bytes(row.averageBytes) },
];

function payerColumns(nameOf: NameOf): readonly Column<Payer>[] {
  return [
    { title: "Who", cell: (row) => <PayerLink payer={row.payer} nameOf={nameOf} /> },
    { title: "Total", isNumber: true, cell: (row) => dollars(row.totalMicros) },
    { title: "Base fee", isNumber: true, cell: (row) => dollars(row.parts.base) },
    { title: "Storage", isNumber: true, cell: (row) => dollars(row.parts.storage) },
    { title: "Egress", isNumber: true, cell: (row) => dollars(row.parts.egress) },
  ];
}

function PayerLink({ payer, nameOf }: Pick<Payer, "payer"> & { nameOf: NameOf }) {
  if (payer.scope !== "workspace") return wordsFor(payer, nameOf);
  return <PageLink to={`/operator/workspaces?workspace=${payer.id}`}>{wordsFor(payer, nameOf)}</PageLink>;
}

export function CostsPage() {
  const { pathname, search } = useLocation();
  const nameOf = useWorkspaceNames();
  const month = new URLSearchParams(search).get("month") ?? "";
  const [thisMonth] = useState(() => new Date().toISOString().slice(0, 7));
  const query: Record<string, string> = month === "" ? {} : { month };
  const costs = { path: "costs", query } as const;
  return (
    <>
      <label className="filter">
        Month (UTC)
        <input
          type="month"
          value={month === "" ? thisMonth : month}
          max={thisMonth}
          onChange={({ target }) => navigate(pathname + withQuery(search, { month: target.value }))}
        />
      </label>
      <div className="figures">
        <Figure<CostsResponse, Bucket>
          {...costs}
          question="What does each bucket cost so far?"
          rows={({ providers }) => providers}
          columns={BUCKETS}
          summary={({ totalMicros, month: shown, hours }) =>
            `${dollars(totalMicros)} in ${shown}; ${count(hours.counted)} of ${counted(hours.passed, "hour was", "hours were")} counted.`
          }
          chart={(rows) => (
            <Dollars
              label="Cost by bucket"
              bars={rows.map((row) => [
                row.providerId,
                row.bucket,
                row.totalMicros,
                dollars(row.totalMicros),
              ])}
            />
          )}
          empty="Nothing was counted in this month, or no bucket has a price."
        />
        <Figure<ForecastResponse, Forecast>
          question="What will this month have cost?"
          path="costs/forecast"
          csv={{ name: "costs-forecast" }}
          query={{}}
          rows={({ providers }) => providers}
          columns={FORECAST}
          summary={forecastWords}
          chart={(rows) => (
            <Dollars
              label="Expected cost by bucket"
              bars={rows.map(({ providerId, bucket, totalMicros: { low, expected, high } }) => [
                providerId,
                bucket,
                expected,
                `${dollars(expected)} (${dollars(low)}–${dollars(high)})`,
              ])}
            />
          )}
          empty="Nothing was counted in this month yet."
          note="Of the month that it is, whichever is shown beside it."
        />
        <Figure<CostsResponse, Payer>
          {...costs}
          question="Who costs most?"
          csv={{ name: "costs-by-payer", query: { ...query, table: "payers", limit: "1000" } }}
          rows={({ payers }) => payers}
          columns={payerColumns(nameOf)}
          summary={({ otherPayersMicros }) =>
            otherPayersMicros === 0 ? null : `All others together: ${dollars(otherPayersMicros)}.`
          }
          chart={(rows) => (
            <Dollars
              label="Cost by payer"
              bars={rows.map(({ payer, totalMicros }) => [
                payer.scope === "workspace" ? payer.id : payer.scope,
                wordsFor(payer, nameOf),
                totalMicros,
                dollars(totalMicros),
              ])}
            />
          )}
          empty="Nothing was counted in this month."
        />
        <Figure<CostsResponse, Unpriced>
          {...costs}
          question="Which buckets have no price, and are in no sum?"
          csv={{ name: "costs-without-price", query: { ...query, table: "unpriced" } }}
          rows={({ unpriced }) => unpriced}
          columns={UNPRICED}
          empty="None: the price of every bucket is known."
          note="audiotricks-storage cost price says what a region costs."
        />
      </div>
    </>
  );
}

function forecastWords({ totalMicros, daysUsed, method, hoursLeft }: ForecastResponse): string {
  const { low, expected, high } = totalMicros;
  const sure =
    method === "trend"
      ? `by the last ${counted(daysUsed, "day", "days")}`
      : "as if nothing more came: there are too few days to go by";
  return `${dollars(expected)}, between ${dollars(low)} and ${dollars(high)}, ${sure}; ${counted(hoursLeft, "hour is", "hours are")} left.`;
}

const MOST_BARS = 10;

function Dollars({
  label,
  bars,
}: {
  label: string;
  bars: readonly (readonly [key: string, name: string, micros: number, text: string])[];
}) {
  const highest = Math.max(...bars.map(([, , micros]) => micros), 1);
  return (
    <ShareBars
      label={label}
      bars={bars.slice(0, MOST_BARS).map(([key, name, micros, text]) => ({
        key,
        name,
        percent: (micros / highest) * 100,
        text,
        isFull: false,
      }))}
    />
  );
}

function wordsFor(payer: Payer["payer"], nameOf: NameOf): string {
  if (payer.scope === "workspace") return nameOf(payer.id) ?? `workspace ${short(payer.id)}`;
  return payer.scope === "personal" ? "files of no workspace" : "what is nobody’s";
}
