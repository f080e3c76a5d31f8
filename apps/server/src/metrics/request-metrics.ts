import type { RequestEntry } from "@audiotricks/companion";
import { Histogram, type Registry } from "prom-client";

/** A method that no route of ours has is anybody's word. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** How long answers take. Routes are patterns, so that neither ids nor tokens become labels. */
export function addRequestMetrics(registry: Registry): (entry: RequestEntry) => void {
  const durations = new Histogram({
    name: "audiotricks_http_request_duration_seconds",
    help: "Answers of the API, by method, route and class of status.",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return ({ method, route, status, durationMs }) =>
    durations.observe(
      { method: METHODS.has(method) ? method : "other", route, status: `${Math.floor(status / 100)}xx` },
      durationMs / 1000,
    );
}
