import { type RawBuilder, sql } from "kysely";

/**
 * The time that leases and expiries are decided by: the database's own, so that the clocks of many servers, and their
 * jumps, decide nothing. Tests give another.
 */
export interface Clock {
  now(): RawBuilder<Date>;
  /** This many milliseconds from now; negative for the past. */
  in(ms: number): RawBuilder<Date>;
}

export function createClock(now?: () => Date): Clock {
  const expression = (): RawBuilder<Date> =>
    now === undefined ? sql<Date>`now()` : sql<Date>`${now().toISOString()}::timestamptz`;
  return {
    now: expression,
    in: (ms) => sql<Date>`${expression()} + make_interval(secs => ${ms / 1000}::double precision)`,
  };
}
