/**
 * What operators ask of costs and alerts over HTTP, as zod schemas. Money is whole millionths of a US dollar, sizes are bytes, instants ISO 8601
 * in UTC, months `2026-11`.
 */
import { z } from "zod";

const id = z.uuid();
const micros = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const bytes = z.number().min(0);
const count = z.number().int().min(0);
const month = z.string().regex(/^[12]\d{3}-(?:0[1-9]|1[0-2])$/, "must be a month such as 2026-11");

/** Whose it is: a workspace's, of files of no workspace, or nobody's: parts, old versions and objects that no file is made of, and an empty bucket. */
export const payer = z.discriminatedUnion("scope", [
  z.object({ scope: z.literal("workspace"), id }),
  z.object({ scope: z.literal("personal") }),
  z.object({ scope: z.literal("overhead") }),
]);

export const costParts = z.object({
  base: micros,
  storage: micros,
  cold: micros,
  egress: micros,
  retrieval: micros,
  requests: micros,
});

const place = { providerId: id, providerName: z.string(), region: z.string(), bucket: z.string() };

/** JSON, or a file of comma-separated values, also by `Accept: text/csv`. */
const format = { format: z.enum(["json", "csv"]).optional() };

export const costsQuery = z.strictObject({
  ...format,
  /** Which table of the answer a file has: `providers`, unless said otherwise. */
  table: z.enum(["providers", "payers", "unpriced"]).optional(),
  /** By default the month that it is. */
  month: month.optional(),
  workspaceId: id.optional(),
  providerId: id.optional(),
  /** Most payers in the answer, the dearest first; the others are one sum. */
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const costsResponse = z.object({
  month,
  currency: z.literal("USD"),
  /** `passed`: that are over, since anything was counted; `counted`: those of them that were; the others are taken for their mean. */
  hours: z.object({ inMonth: count, passed: count, counted: count }),
  totalMicros: micros,
  providers: z.array(
    z.object({
      ...place,
      totalMicros: micros,
      parts: costParts,
      /** Of `storage`, for what no file is made of. */
      invisibleMicros: z.object({
        incompleteParts: micros,
        oldVersions: micros,
        orphans: micros,
        copies: micros,
      }),
      /** On average, as they are paid for. */
      averageBytes: bytes,
      /** By the URLs that were issued: an estimate. */
      egressBytes: bytes,
      price: z.object({ source: z.string(), checkedOn: z.string().nullable(), isOwn: z.boolean() }),
    }),
  ),
  /** Buckets in regions whose price nobody knows: in no sum. */
  unpriced: z.array(z.object({ ...place, averageBytes: bytes, egressBytes: bytes })),
  payers: z.array(z.object({ payer, totalMicros: micros, parts: costParts })),
  otherPayersMicros: micros,
  /** What the vendors' own bills say, where that was entered; of all there is at the vendor. */
  actuals: z.array(
    z.object({
      providerName: z.string(),
      totalMicros: micros.nullable(),
      egressBytes: bytes.nullable(),
      estimatedMicros: micros,
      estimatedEgressBytes: bytes,
    }),
  ),
});

export const forecastQuery = z.strictObject(format);
const range = z.object({ low: micros, expected: micros, high: micros });

export const forecastResponse = z.object({
  month,
  currency: z.literal("USD"),
  /** `trend`: along a line through the days that were counted; `flat`: there are fewer than three. */
  method: z.enum(["trend", "flat"]),
  daysUsed: count,
  hoursLeft: count,
  soFarMicros: micros,
  /** Of the whole month. */
  totalMicros: range,
  providers: z.array(z.object({ ...place, totalMicros: range })),
  unpriced: z.array(z.object(place)),
});

export const whatIfQuery = z
  .strictObject({
    ...format,
    olderThanDays: z.coerce.number().int().min(0).max(36_500).optional(),
    notFetchedForDays: z.coerce.number().int().min(0).max(36_500).optional(),
    kind: z.enum(["audio_file", "export_file", "avatar", "document", "backup"]).optional(),
  })
  .refine(
    ({ olderThanDays, notFetchedForDays, kind }) =>
      olderThanDays !== undefined || notFetchedForDays !== undefined || kind !== undefined,
    "say which files: olderThanDays, notFetchedForDays or kind",
  );

export const whatIfResponse = z.object({
  month,
  currency: z.literal("USD"),
  providers: z.array(
    z.object({
      ...place,
      files: count,
      movedBytes: bytes,
      /** A month of all there is in the bucket, as it is and as it would be. */
      beforeMicros: micros,
      afterMicros: micros,
      /** Of `afterMicros`: fetching again what was fetched in the last month, and what ends before its least time. */
      retrievalMicros: micros,
      remainderMicros: micros,
      /** Once, and at most: moving it. */
      movingMicros: micros,
    }),
  ),
  /** Less than 0: it costs more. */
  savedMicros: z.number().int(),
  /** Buckets of which it is not known: without a price, or where nothing can be cold. */
  unknown: z.array(z.object({ ...place, reason: z.enum(["no_price", "no_cold_storage"]) })),
});

export const ALERT_STATES = ["open", "acknowledged", "cleared"] as const;

export const alert = z.object({
  id,
  kind: z.string(),
  /** `deployment`, or `provider:<id>`, `workspace:<id>`, `user:<id>`. */
  subject: z.string(),
  state: z.enum(ALERT_STATES),
  /** In the unit of the kind. */
  value: z.number().int(),
  threshold: z.number().int(),
  message: z.string(),
  raisedAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  acknowledgedAt: z.iso.datetime().nullable(),
  /** A user's id, or `cli:USER@HOST`. */
  acknowledgedBy: z.string().nullable(),
  clearedAt: z.iso.datetime().nullable(),
});
export const listAlertsQuery = z.strictObject({
  ...format,
  state: z.enum(ALERT_STATES).optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const listAlertsResponse = z.object({ alerts: z.array(alert), nextCursor: z.string().nullable() });

export type Payer = z.infer<typeof payer>;
export type CostParts = z.infer<typeof costParts>;
export type CostsQuery = z.infer<typeof costsQuery>;
export type CostsResponse = z.infer<typeof costsResponse>;
export type ForecastResponse = z.infer<typeof forecastResponse>;
export type ForecastQuery = z.infer<typeof forecastQuery>;
export type WhatIfQuery = z.infer<typeof whatIfQuery>;
export type WhatIfResponse = z.infer<typeof whatIfResponse>;
export type Alert = z.infer<typeof alert>;
export type ListAlertsQuery = z.infer<typeof listAlertsQuery>;
export type ListAlertsResponse = z.infer<typeof listAlertsResponse>;
