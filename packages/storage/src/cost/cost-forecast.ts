import type { ForecastResponse } from "@audiotricks/protocol/costs";
import { type Kysely, sql } from "kysely";
import { createClock } from "../clock.ts";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { billMonth } from "./bill.ts";
import { billOfMonth, type MonthBill, readNow } from "./bill-of-month.ts";
import type { Charge } from "./charge.ts";
import { sum, toPlace } from "./describe-costs.ts";
import { type Estimate, forecastUse, type HeldByDay, methodOf, type SentByDay } from "./forecast.ts";
import { hoursBetween } from "./month.ts";

/** Whole days that a forecast goes by. */
const DAYS = 14;

/** What the month that it is will have cost in the end. */
export async function forecastCosts(
  context: Pick<StorageContext, "db" | "clock">,
): Promise<ForecastResponse> {
  const bill = await billOfMonth(context, undefined);
  const now = await readNow(context);
  const { month, use, providers, prices } = bill;
  const past = await readDays(context, now);
  // The hour that it is has been counted, or is yet to come.
  const hoursLeft = Math.min(
    hoursBetween(now, month.endsAt) + (use.hours.passed === 0 ? 1 : 0),
    month.hours - use.hours.passed,
  );
  const chargesOf = (estimate: Estimate): Charge[] => {
    const more = forecastUse(past, hoursLeft, estimate);
    const all = { storage: [...use.storage, ...more.storage], traffic: [...use.traffic, ...more.traffic] };
    return billMonth(all, providers, prices, { ...month, hoursPassed: use.hours.passed + hoursLeft }).charges;
  };
  const [low, expected, high] = [chargesOf("low"), chargesOf("expected"), chargesOf("high")];
  const rangeOf = (of: (charge: Charge) => boolean) => ({
    low: sum(low.filter(of)),
    expected: sum(expected.filter(of)),
    high: sum(high.filter(of)),
  });
  return {
    month: month.name,
    currency: "USD",
    method: methodOf(past.held),
    daysUsed: past.days,
    hoursLeft,
    soFarMicros: sum(bill.charges),
    totalMicros: rangeOf(() => true),
    ...describePlaces(bill, rangeOf),
  };
}

/** The same for whoever has the database. */
export function forecastCostsOf(db: Kysely<Database>): Promise<ForecastResponse> {
  return forecastCosts({ db, clock: createClock() });
}

function describePlaces(
  { providers }: MonthBill,
  rangeOf: (of: (charge: Charge) => boolean) => ForecastResponse["totalMicros"],
): Pick<ForecastResponse, "providers" | "unpriced"> {
  const priced = providers.filter(({ price }) => price !== undefined);
  return {
    providers: priced.map((provider) => ({
      ...toPlace(provider),
      totalMicros: rangeOf(({ providerId }) => providerId === provider.id),
    })),
    unpriced: providers.filter(({ price }) => price === undefined).map(toPlace),
  };
}

/** The last whole days that were counted, of which at least half of the hours were; a bucket that was not there yet held nothing. */
async function readDays(
  { db }: Pick<StorageContext, "db">,
  now: Date,
): Promise<{ days: number; held: HeldByDay[]; sent: SentByDay[] }> {
  const { rows } = await sql<{
    day: string;
    hours: number;
    held: { providerId: string; storageClass: HeldByDay["storageClass"]; byteHours: string }[] | null;
    sent: { providerId: string; bytes: string }[] | null;
  }>`
    SELECT to_char(h.day, 'YYYY-MM-DD') AS day, h.hours,
      (SELECT jsonb_agg(b) FROM (
        SELECT storage_provider_id AS "providerId", storage_class AS "storageClass", sum(billed_byte_hours)::text AS "byteHours"
        FROM storage_bytes_days WHERE day = h.day GROUP BY 1, 2) b) AS held,
      (SELECT jsonb_agg(t) FROM (
        SELECT storage_provider_id AS "providerId", sum(issued_bytes)::text AS bytes
        FROM storage_traffic_days WHERE day = h.day GROUP BY 1) t) AS sent
    FROM (
      SELECT (hour AT TIME ZONE 'UTC')::date AS day, count(*)::integer AS hours
      FROM storage_sample_hours
      WHERE finished_at IS NOT NULL AND hour < date_trunc('day', ${now}::timestamptz, 'UTC')
        AND hour >= date_trunc('day', ${now}::timestamptz, 'UTC') - make_interval(days => ${DAYS}::integer)
      GROUP BY 1 HAVING count(*) >= 12
    ) h ORDER BY h.day`.execute(db);
  const heldOf = (row: (typeof rows)[number], name: string) => {
    const found = row.held?.find(({ providerId, storageClass }) => `${providerId} ${storageClass}` === name);
    return found === undefined ? 0 : Number(found.byteHours) / row.hours;
  };
  const places = new Map(
    rows.flatMap(({ held }) => held ?? []).map((one) => [`${one.providerId} ${one.storageClass}`, one]),
  );
  const senders = new Set(rows.flatMap(({ sent }) => sent ?? []).map(({ providerId }) => providerId));
  return {
    days: rows.length,
    held: [...places].map(([name, { providerId, storageClass }]) => ({
      providerId,
      storageClass,
      // From the day on that there was anything, or its beginning would be taken for growth.
      bytes: rows.map((row) => heldOf(row, name)).slice(rows.findIndex((row) => heldOf(row, name) > 0)),
    })),
    sent: [...senders].map((providerId) => ({
      providerId,
      bytes: rows.map(({ sent }) => Number(sent?.find((one) => one.providerId === providerId)?.bytes ?? 0)),
    })),
  };
}
