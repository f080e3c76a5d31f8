import type { RequestEntry } from "@audiotricks/companion";
import type { Level } from "pino";

/** Asked every few seconds by whoever watches. */
const PROBES: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** Every answer is a line at `info`; those that we owe an explanation for stand out, and probes that are content drown nobody. */
export function levelOf({ route, status }: Pick<RequestEntry, "route" | "status">): Level {
  if (status >= 500) return "warn";
  return PROBES.has(route) && status < 400 ? "debug" : "info";
}
