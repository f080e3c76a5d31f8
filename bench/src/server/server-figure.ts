import { median } from "../median.ts";

/** One thing that was wanted of the server, as it was measured. */
export interface ServerFigure {
  title: string;
  /** Of each round; the median counts. */
  rounds: number[];
  /** The most that is wanted, or the least. */
  wanted: { most: number } | { least: number };
  unit: "×" | "µs" | "ms";
  /** What both sides were, in words. */
  sides: string;
}

export interface ServerResult {
  machine: string;
  measuredAt: string;
  figures: ServerFigure[];
}

export function describeWanted({ wanted, unit }: ServerFigure): string {
  return "most" in wanted ? `≤ ${wanted.most} ${unit}` : `≥ ${wanted.least} ${unit}`;
}

export function describeFigure(figure: ServerFigure): string {
  const text = (value: number) => (figure.unit === "×" ? value.toFixed(2) : Math.round(value).toString());
  const { rounds } = figure;
  return `${text(median(rounds))} (${text(Math.min(...rounds))}–${text(Math.max(...rounds))})`;
}
