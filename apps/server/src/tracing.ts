import type { Sampler, SpanProcessor } from "@opentelemetry/sdk-trace-node";

/** Where spans go, and how many of the traces. */
export interface TracingConfig {
  /** OTLP over HTTP, without `/v1/traces`. */
  endpoint: string;
  serviceName: string;
  /** From 0 to 1. */
  ratio: number;
}

export interface Tracing {
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** Loaded only where somebody asked for it. Only one per process. A collector that is away costs spans, and nothing else. */
export async function startTracing(
  { endpoint, serviceName, ratio }: TracingConfig,
  processor?: SpanProcessor,
): Promise<Tracing> {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const exporter = () => new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  // Whoever calls may name a trace, and does not decide how many are sent on.
  const sampler: Sampler = new sdk.TraceIdRatioBasedSampler(ratio);
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName }),
    sampler: new sdk.ParentBasedSampler({
      root: sampler,
      remoteParentSampled: sampler,
      remoteParentNotSampled: sampler,
    }),
    spanProcessors: [processor ?? new sdk.BatchSpanProcessor(exporter())],
  });
  provider.register();
  return { stop: () => provider.shutdown() };
}
