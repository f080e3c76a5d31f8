import { UploadError } from "@audiotricks/protocol";
import { MAX_RANGE_DAYS } from "@audiotricks/protocol/admin";
import { type RawBuilder, sql } from "kysely";

export interface Range {
  from: Date;
  to: Date;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

/**
 * The range that is asked for, by default the last 30 days.
 *
 * @throws {UploadError} `invalid_request` where it ends before it begins, or is longer than `by` allows.
 */
export function rangeOf(
  query: { from?: string | undefined; to?: string | undefined },
  by: keyof typeof MAX_RANGE_DAYS,
  now = new Date(),
): Range {
  const to = query.to === undefined ? now : new Date(query.to);
  const from =
    query.from === undefined ? new Date(to.getTime() - DEFAULT_DAYS * DAY_MS) : new Date(query.from);
  const maxDays = MAX_RANGE_DAYS[by];
  if (from >= to || to.getTime() - from.getTime() > maxDays * DAY_MS)
    throw new UploadError(
      "invalid_request",
      `\`from\` must be before \`to\`, and no more than ${maxDays} days.`,
      {
        details: { from: from.toISOString(), to: to.toISOString(), maxDays },
      },
    );
  return { from, to };
}

export function isoOf(date: Date): string;
export function isoOf(date: Date | null): string | null;
export function isoOf(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** A column's instant as messages have it, made by the database. */
export function iso(column: string): RawBuilder<string> {
  return sql`to_char(${sql.ref(column)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** Counts and sums of the database are text where they could pass 2^53; ours do not. */
export function numberOf(value: number | string | null): number {
  return Number(value ?? 0);
}
export function numberOrNull(value: number | string | null): number | null {
  return value === null ? null : Number(value);
}
