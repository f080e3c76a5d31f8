import { z } from "zod";
import { port } from "./config-settings.ts";

/** Where the operator's metrics are served, apart from what the public reaches. */
export interface MetricsConfig {
  host: string;
  /** 0: any free one. */
  port: number;
}

export const metricsSettings = {
  METRICS_PORT: port.optional(),
  METRICS_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, "must be an address such as 127.0.0.1, without a scheme and without a port")
    .optional(),
};

type Settings = z.output<z.ZodObject<typeof metricsSettings>>;

/** `undefined` where nobody asked for them. Adds to `problems` what is half said, or taken by another port of ours. */
export function readMetrics(
  { METRICS_PORT: port, METRICS_HOST: host }: Settings,
  taken: Record<string, number>,
  problems: string[],
): MetricsConfig | undefined {
  if (port === undefined) {
    if (host !== undefined)
      problems.push("METRICS_PORT is missing: set it, for example to 9464, or unset METRICS_HOST.");
    return undefined;
  }
  for (const [name, other] of Object.entries(taken))
    if (port === other && port !== 0)
      problems.push(`METRICS_PORT and ${name} are both ${port}: give one of them another port.`);
  return { host: host ?? "127.0.0.1", port };
}
