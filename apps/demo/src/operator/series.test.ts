import { expect, it } from "vitest";
import { seriesOf, summaryOf } from "./series.ts";

const ROWS = [
  { period: "2026-11-01T00:00:00Z", group: "ams3", p95: 40 },
  { period: "2026-11-01T00:00:00Z", group: "nyc3", p95: 90 },
  { period: "2026-11-02T00:00:00Z", group: "ams3", p95: null },
  { period: "2026-11-02T00:00:00Z", group: "nyc3", p95: 50 },
];
const choice = {
  at: (row: (typeof ROWS)[number]) => row.period,
  name: (row: (typeof ROWS)[number]) => row.group,
  value: (row: (typeof ROWS)[number]) => row.p95,
};

it("makes a series of each name, the highest first, and no point of what is not known", () => {
  const series = seriesOf(ROWS, choice);
  expect(series.map(({ name, points }) => [name, points.map(({ value }) => value)])).toEqual([
    ["nyc3", [90, 50]],
    ["ams3", [40]],
  ]);
  expect(series[0]?.points[1]?.at).toEqual(new Date("2026-11-02T00:00:00Z"));
});

it("says in words what a chart shows", () => {
  expect(summaryOf(seriesOf(ROWS, choice), String)).toBe(
    "nyc3: from 50 to 90, at the end 50; ams3: from 40 to 40, at the end 40",
  );
  expect(summaryOf([], String)).toBe("");
});
