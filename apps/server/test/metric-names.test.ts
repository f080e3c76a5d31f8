import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { type Selector, selectorsIn } from "./promql.ts";
import { metricsUrl, type Scrape, scrape } from "./scrape.ts";
import { type ServerProcess, startServerProcess, usedDirectory } from "./server-process.ts";

// Starts a real process, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const read = (path: string) => readFileSync(join(import.meta.dirname, "../../..", path), "utf8");

interface Alerts {
  groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
}
interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}

const alerts = (parse(read("deploy/prometheus/alerts.yml")) as Alerts).groups.flatMap(({ rules }) => rules);
const panels = (JSON.parse(read("deploy/grafana/dashboard.json")) as Dashboard).panels;
const operations = read("docs/operations.md");

let directory: Awaited<ReturnType<typeof usedDirectory>>;
let server: ServerProcess;
let scraped: Scrape;
beforeAll(async () => {
  directory = await usedDirectory();
  const env = { DATA_DIR: join(directory.path, "data"), METRICS_PORT: "0", LOG_LEVEL: "info" };
  server = await startServerProcess(env);
  // So that there are series of requests.
  await server.fetch("/readyz");
  scraped = await scrape(metricsUrl(server));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

/** What is wrong with what a query asks for: a metric that nobody serves, or a label that its series do not have. */
function problemsOf({ name, labels }: Selector): string[] {
  // Of a histogram, queries name the parts.
  const family = scraped.families.has(name) ? name : name.replace(/_(bucket|count|sum)$/, "");
  if (!scraped.families.has(family)) return [`${name} is not served`];
  const series = [...scraped.values.keys()].filter((one) => one === name || one.startsWith(`${name}{`));
  const missing = labels.filter((label) => !series.some((one) => new RegExp(`[{,]${label}="`).test(one)));
  // Some have none before something has happened.
  return series.length === 0 ? [] : missing.map((label) => `${name} has no ${label}`);
}

it("has the numbers of an embedded database too", () => {
  expect(scraped.values.get("audiotricks_database_up")).toBe(1);
  expect(scraped.values.get("audiotricks_stored_bytes")).toBe(0);
});

it("knows what is not there from what is, and what is not PromQL", () => {
  const problems = (query: string) => selectorsIn(query).flatMap(problemsOf);
  const bucket = "audiotricks_http_request_duration_seconds_bucket";
  expect(problems(`sum by (le) (rate(${bucket}{route="/readyz"}[$__rate_interval])) > 2`)).toEqual([]);
  expect(problems(`${bucket}{user="a"} and absent(audiotricks_nothing)`)).toEqual([
    `${bucket} has no user`,
    "audiotricks_nothing is not served",
  ]);
  expect(() => selectorsIn("sum(rate(a[5m])")).toThrow("not PromQL");
});

describe("everything that is asked for is served", () => {
  it.each(alerts.map(({ alert, expr }) => [alert, expr]))("by the alert %s", (_, expr) => {
    const selectors = selectorsIn(expr);
    expect(selectors).not.toEqual([]);
    expect(selectors.flatMap(problemsOf)).toEqual([]);
  });

  it.each(panels.map(({ title, targets }) => [title, targets] as const))("by the panel %s", (_, targets) => {
    const selectors = targets.flatMap(({ expr }) => selectorsIn(expr));
    expect(selectors).not.toEqual([]);
    expect(selectors.flatMap(problemsOf)).toEqual([]);
  });
});

describe("docs/operations.md", () => {
  it("lists the metrics of ours that there are, and no other", () => {
    const listed = [...operations.matchAll(/^\| `(audiotricks_\w+)/gm)].map(([, name = ""]) => name);
    const served = [...scraped.families].filter((name) => name.startsWith("audiotricks_"));
    expect(listed.toSorted()).toEqual(served.toSorted());
  });

  it("says of every alert what to do, and of no other", () => {
    const told = [...operations.matchAll(/^\| `(Uploads\w+)`/gm)].map(([, name = ""]) => name);
    expect(told.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  });
});
