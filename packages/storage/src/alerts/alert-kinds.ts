import { backupFailing } from "../backup/backup-alert.ts";
import type { AlertSource } from "./alert-source.ts";
import { egress, growth, quotaPressure } from "./capacity-sources.ts";
import { budget, priceMissing } from "./cost-sources.ts";
import { unusualUse } from "./unusual-use.ts";

/** What can be told of, and where its facts are from. A rule of another kind is another release's, and left alone. */
export const ALERT_KINDS = {
  growth: { source: growth, unit: "% a day" },
  egress: { source: egress, unit: "bytes a day" },
  unusual_use: { source: unusualUse, unit: "times what is usual" },
  quota_pressure: { source: quotaPressure, unit: "% of a limit" },
  budget: { source: budget, unit: "millionths of a dollar a month" },
  backup_failing: { source: backupFailing, unit: "hours behind" },
  price_missing: { source: priceMissing, unit: "bytes without a price" },
} as const satisfies Record<string, { source: AlertSource; unit: string }>;

export type AlertKind = keyof typeof ALERT_KINDS;

export function isAlertKind(kind: string): kind is AlertKind {
  return Object.hasOwn(ALERT_KINDS, kind);
}
