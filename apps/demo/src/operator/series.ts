export interface Point {
  at: Date;
  value: number;
}

/** One line, or one layer of the bars. */
export interface Series {
  name: string;
  points: readonly Point[];
}

/** As many as can be told apart by colour and dashes. */
export const MAX_SERIES = 5;

interface SeriesChoice<Row> {
  at: (row: Row) => string;
  name: (row: Row) => string;
  /** null: nothing is known of that time, which is not nothing. */
  value: (row: Row) => number | null;
}

/** Rows as series by name, those with the highest values first. */
export function seriesOf<Row>(rows: readonly Row[], { at, name, value }: SeriesChoice<Row>): Series[] {
  const found = new Map<string, Point[]>();
  for (const row of rows) {
    const known = value(row);
    if (known === null) continue;
    const points = found.get(name(row)) ?? [];
    points.push({ at: new Date(at(row)), value: known });
    found.set(name(row), points);
  }
  return [...found]
    .map(([name, points]) => ({ name, points, highest: Math.max(...points.map(({ value }) => value)) }))
    .sort((a, b) => b.highest - a.highest || a.name.localeCompare(b.name))
    .map(({ name, points }) => ({ name, points }));
}

/** What somebody who does not see the chart is told of it. */
export function summaryOf(series: readonly Series[], format: (value: number) => string): string {
  return series
    .map(({ name, points }) => {
      const values = points.map(({ value }) => value);
      const last = values.at(-1);
      if (last === undefined) return `${name}: nothing`;
      return `${name}: from ${format(Math.min(...values))} to ${format(Math.max(...values))}, at the end ${format(last)}`;
    })
    .join("; ");
}
