const MILLISECOND = 1;
const SECOND = 1000 * MILLISECOND;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Such as people count time in. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * MILLISECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 4, 6, 12].map((n) => n * HOUR),
];
const MOST = 4;

/** From 0 up to no less than the highest. @param highest Milliseconds. */
export function durationTicks(highest: number): number[] {
  const step =
    STEPS.find((one) => highest <= one * MOST) ?? Math.max(Math.ceil(highest / MOST / DAY), 1) * DAY;
  const count = Math.max(Math.ceil(highest / step), 1);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

const MONTH_AND_DAY = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" });
const MONTH_AND_YEAR = new Intl.DateTimeFormat("en-US", { month: "short", year: "numeric", timeZone: "UTC" });

/** A time on the axis, of UTC. @param stepMs Between what the chart has. */
export function timeTick(at: Date, stepMs: number): string {
  if (stepMs < DAY && at.getTime() % DAY !== 0) return at.toISOString().slice(11, 16);
  return stepMs > 20 * DAY ? MONTH_AND_YEAR.format(at) : MONTH_AND_DAY.format(at);
}

/** Those of the ticks that have room, in pixels, beginning with the first. */
export function withRoom<Tick>(ticks: readonly Tick[], xOf: (tick: Tick) => number, room: number): Tick[] {
  const kept: Tick[] = [];
  for (const tick of ticks) {
    const last = kept.at(-1);
    if (last === undefined || xOf(tick) - xOf(last) >= room) kept.push(tick);
  }
  return kept;
}
