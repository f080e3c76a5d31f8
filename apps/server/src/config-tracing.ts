import { z } from "zod";
import type { TracingConfig } from "./tracing.ts";

/** By OpenTelemetry's own names. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: "must be a URL such as http://127.0.0.1:4318" })
    .optional(),
  OTEL_SERVICE_NAME: z.string().min(1).max(100).default("audiotricks-storage"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number("must be a number from 0 to 1").min(0).max(1).default(1),
};

type Settings = z.output<z.ZodObject<typeof tracingSettings>>;

/** `undefined` where nobody asked for it. */
export function tracingConfigOf(settings: Settings): TracingConfig | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = settings;
  if (endpoint === undefined) return undefined;
  return { endpoint, serviceName: settings.OTEL_SERVICE_NAME, ratio: settings.OTEL_TRACES_SAMPLER_ARG };
}
