import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Histogram, type Registry } from "prom-client";
import { storeOperation, storeOutcome } from "./store-operation.ts";

const STARTED = "http.client.request.start";
const ANSWERED = "http.client.response.finish";
const FAILED = "http.client.request.error";

/**
 * Counts the requests to the store where they leave the process, below the SDK's repeats: so each attempt is one, and every bucket's are
 * counted. The SDK is known by a header that it puts on each.
 */
export function addStoreMetrics(registry: Registry): { stop: () => void } {
  const durations = new Histogram({
    name: "audiotricks_store_request_duration_seconds",
    help: "Requests to the store, each attempt, until its headers came: by operation and outcome.",
    labelNames: ["operation", "outcome"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers: [registry],
  });
  const startedAt = new WeakMap<ClientRequest, number>();

  function observe(request: ClientRequest, outcome: string): void {
    const start = startedAt.get(request);
    if (start === undefined) return;
    startedAt.delete(request);
    const isCopy = request.hasHeader("x-amz-copy-source");
    const operation = storeOperation(request.method, request.path, isCopy);
    durations.observe({ operation, outcome }, (performance.now() - start) / 1000);
  }
  const onStart = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    if (request.hasHeader("amz-sdk-request")) startedAt.set(request, performance.now());
  };
  const onAnswer = (message: unknown) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    observe(request, storeOutcome(response.statusCode ?? 0));
  };
  const onFailure = (message: unknown) =>
    observe((message as { request: ClientRequest }).request, "unreachable");

  subscribe(STARTED, onStart);
  subscribe(ANSWERED, onAnswer);
  subscribe(FAILED, onFailure);
  return {
    stop: () => {
      unsubscribe(STARTED, onStart);
      unsubscribe(ANSWERED, onAnswer);
      unsubscribe(FAILED, onFailure);
    },
  };
}
