import type { ServerProcess } from "./server-process.ts";

/** What one scrape said: values by series, as `name{label="value"}`, labels in the order of the text. */
export interface Scrape {
  text: string;
  values: ReadonlyMap<string, number>;
  /** Without `_bucket`, `_sum` and `_count`: also those that have a type and no value yet. */
  families: ReadonlySet<string>;
}

/** Where a server with `METRICS_PORT=0` and `LOG_LEVEL=info` serves its metrics. */
export function metricsUrl(server: Pick<ServerProcess, "output">): string {
  const line = server
    .output()
    .split("\n")
    .find((entry) => entry.includes('"metrics are served"'));
  const { port } = JSON.parse(line ?? "{}") as { port: number };
  return `http://127.0.0.1:${port}/metrics`;
}

export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  const values = new Map<string, number>();
  const families = new Set<string>();
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\S+)/.exec(line)?.[1];
    if (type !== undefined) families.add(type);
    const [, series, value] = /^([^#\s].*) (\S+)$/.exec(line) ?? [];
    if (series !== undefined) values.set(series, Number(value));
  }
  return { text, values, families };
}

/** Of series that the text of a scrape has, the sum of those of one name whose labels include these. */
export function sumOf({ values }: Scrape, name: string, labels: Record<string, string> = {}): number {
  let sum = 0;
  for (const [series, value] of values) {
    const isOfName = series === name || series.startsWith(`${name}{`);
    if (isOfName && Object.entries(labels).every(([label, text]) => series.includes(`${label}="${text}"`)))
      sum += value;
  }
  return sum;
}
