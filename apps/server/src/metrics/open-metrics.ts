import type { RequestEntry } from "@audiotricks/companion";
import type { Database, SweepReport } from "@audiotricks/storage";
import { Hono } from "hono";
import type { Kysely } from "kysely";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import manifest from "../../package.json" with { type: "json" };
import { createCachedRead } from "../cached-read.ts";
import type { Logger } from "../logger.ts";
import { openReader } from "./database-reader.ts";
import { addNumberGauges } from "./number-gauges.ts";
import { createNumbersReader } from "./read-numbers.ts";
import { addRequestMetrics } from "./request-metrics.ts";
import { addStoreMetrics } from "./store-metrics.ts";
import { addSweepMetrics } from "./sweep-metrics.ts";

/** Several Prometheus servers, or an impatient one, ask the database once. */
const NUMBERS_GOOD_FOR_MS = 5_000;
/** Well below Prometheus' own 10 s: a scrape without the database's numbers says more than none. */
const DATABASE_TIMEOUT_MS = 2_000;

export interface Metrics {
  /** `GET /metrics`, and nothing else. */
  fetch: (request: Request) => Response | Promise<Response>;
  onRequest: (entry: RequestEntry) => void;
  onSwept: (report: SweepReport) => void;
  close(): Promise<void>;
}

/** What this process has counted, and what the database says. No label is about a user, a file or a workspace. */
export function openMetrics(options: {
  databaseUrl: string | undefined;
  db: Kysely<Database>;
  hasWebhook: boolean;
  log: Logger;
}): Metrics {
  const { databaseUrl, db, hasWebhook, log } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { version } = manifest;
  new Gauge({
    name: "audiotricks_build_info",
    help: "Always 1; the label says what runs.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  new Gauge({
    name: "audiotricks_webhook_configured",
    help: "Whether events have a receiver.",
    registers: [registry],
  }).set(hasWebhook ? 1 : 0);

  const reader = openReader({ databaseUrl, timeoutMs: DATABASE_TIMEOUT_MS }, db);
  const read = createCachedRead(createNumbersReader(reader), {
    ttlMs: NUMBERS_GOOD_FOR_MS,
    timeoutMs: DATABASE_TIMEOUT_MS,
    onError: (err) => log.warn({ err }, "metrics are without the database's numbers"),
  });
  addNumberGauges(registry, read);
  const onRequest = addRequestMetrics(registry);
  const onSwept = addSweepMetrics(registry);
  const store = addStoreMetrics(registry);

  const app = new Hono();
  app.get("/metrics", async (c) =>
    c.body(await registry.metrics(), 200, {
      "Content-Type": registry.contentType,
      "Cache-Control": "no-store",
    }),
  );
  app.onError((err, c) => {
    log.error({ err }, "metrics could not be collected");
    return c.text("Metrics could not be collected; the log says why.\n", 500);
  });
  return {
    fetch: (request) => app.fetch(request),
    onRequest,
    onSwept,
    close: async () => {
      store.stop();
      await reader.close();
    },
  };
}
