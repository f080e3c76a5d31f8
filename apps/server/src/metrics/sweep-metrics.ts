import type { SweepReport } from "@audiotricks/storage";
import { Counter, Gauge, type Registry } from "prom-client";

/** What sweeps of this server came to. Each sweep is done by one server: in queries, `sum` the counters and `max` the times. */
export function addSweepMetrics(registry: Registry): (report: SweepReport) => void {
  const endedAt = new Gauge({
    name: "audiotricks_sweep_last_end_timestamp_seconds",
    help: "When the last sweep of this server came to its end.",
    registers: [registry],
  });
  const lastFailures = new Gauge({
    name: "audiotricks_sweep_last_failures",
    help: "What the last sweep of this server could not do.",
    registers: [registry],
  });
  const handled = new Counter({
    name: "audiotricks_sweep_handled_total",
    help: "What sweeps brought to an end, by kind.",
    labelNames: ["kind"],
    registers: [registry],
  });
  const failed = new Counter({
    name: "audiotricks_sweep_failures_total",
    help: "What sweeps could not do, by error code.",
    labelNames: ["code"],
    registers: [registry],
  });
  // A counter that begins with one has not increased, as Prometheus sees it.
  for (const code of ["internal", "storage_unavailable"]) failed.inc({ code }, 0);
  // Until there was one, neither has a value.
  endedAt.remove();
  lastFailures.remove();

  return ({ failures, ...done }) => {
    endedAt.setToCurrentTime();
    lastFailures.set(failures.length);
    for (const [kind, count] of Object.entries(done))
      if (typeof count === "number") handled.inc({ kind: snakeCase(kind) }, count);
    for (const { code } of failures) failed.inc({ code });
  };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
