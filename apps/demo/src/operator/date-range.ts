/** Days of UTC as the address has them, both inclusive; empty: the last 30 days. */
export interface DateRange {
  from: string;
  to: string;
}

/** What the API is asked for, or why it cannot be. */
export type AskedRange =
  | { ok: true; by: "hour" | "day" | "month"; query: { from?: string; to?: string } }
  | { ok: false; problem: string };

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
/** Longer ranges are shown in longer steps: at most some 70 hours, 400 days (the API's bound), 2000 days. */
const MAX_HOURS_IN_DAYS = 3;
const MAX_DAYS = 400;
const MAX_MONTHS_IN_DAYS = 2000;

export function rangeIn(search: string): DateRange {
  const query = new URLSearchParams(search);
  return { from: query.get("from") ?? "", to: query.get("to") ?? "" };
}

/** The days that are shown, also where the address does not say them. @param today As `now` of `askedRange`. */
export function shownRange({ from, to }: DateRange, today: Date): DateRange {
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const last = to === "" ? dayOf(today.getTime()) : to;
  const start = startOfDay(last);
  if (from !== "" || Number.isNaN(start)) return { from, to: last };
  return { from: dayOf(start - (DEFAULT_DAYS - 1) * DAY_MS), to: last };
}

/** @param now What "today" is where no end is given. */
export function askedRange({ from, to }: DateRange, now: Date): AskedRange {
  if (from === "" && to === "") return { ok: true, by: "day", query: {} };
  const end = to === "" ? now.getTime() : startOfDay(to) + DAY_MS;
  const start = from === "" ? end - DEFAULT_DAYS * DAY_MS : startOfDay(from);
  if (Number.isNaN(start) || Number.isNaN(end)) return wrong("Give days such as 2026-11-30.");
  if (start >= end) return wrong("The first day has to come before the last.");
  const days = (end - start) / DAY_MS;
  if (days > MAX_MONTHS_IN_DAYS) return wrong(`At most ${MAX_MONTHS_IN_DAYS} days can be looked at.`);
  const by = days <= MAX_HOURS_IN_DAYS ? "hour" : days <= MAX_DAYS ? "day" : "month";
  return { ok: true, by, query: { from: new Date(start).toISOString(), to: new Date(end).toISOString() } };
}

/** That many days of UTC, of which the last is today. */
export function lastDays(days: number, today: Date): { from: string; to: string } {
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return { from: dayOf(today.getTime() - (days - 1) * DAY_MS), to: dayOf(today.getTime()) };
}

function startOfDay(day: string): number {
  const at = Date.parse(`${day}T00:00:00Z`);
  // `Date` takes the 31st of February for the 3rd of March.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(`${day}T`) ? at : Number.NaN;
}

function wrong(problem: string): AskedRange {
  return { ok: false, problem };
}
