/** How many dumps are kept: of so many days, weeks (from Monday) and months that have any, the newest one each. By UTC. */
export interface DumpPolicy {
  daily: number;
  weekly: number;
  monthly: number;
}

export interface DatedDump {
  id: string;
  startedAt: Date;
}

const DAY_MS = 86_400_000;
/** Of 1970-01-01, a Thursday: days since its Monday. */
const EPOCH_WEEKDAY = 3;

/**
 * Which dumps stay. Days are those that have a dump, not those of a calendar: where none was made for a month, the last ones of
 * before stay. The newest one always stays, and so do those of the last 24 hours: one that was made by hand before a change is not
 * taken away by the night's.
 *
 * A clock that is wrong takes nothing away: what is of the future stays and is in nobody's place, and nothing goes for being old.
 */
export function chooseKept(dumps: readonly DatedDump[], policy: DumpPolicy, now: Date): Set<string> {
  const isAhead = ({ startedAt }: DatedDump) => startedAt > now;
  const isRecent = ({ startedAt }: DatedDump) => now.getTime() - startedAt.getTime() < DAY_MS;
  const past = dumps
    .filter((dump) => !isAhead(dump))
    // Which of two of the same moment stays is always the same.
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.id < b.id ? -1 : 1));
  return new Set(
    [
      ...dumps.filter(isAhead),
      ...past.slice(0, 1),
      ...past.filter(isRecent),
      ...newestOfEach(past, policy.daily, dayOf),
      ...newestOfEach(past, policy.weekly, weekOf),
      ...newestOfEach(past, policy.monthly, monthOf),
    ].map(({ id }) => id),
  );
}

function newestOfEach(
  past: readonly DatedDump[],
  count: number,
  periodOf: (date: Date) => number,
): DatedDump[] {
  const newest = new Map<number, DatedDump>();
  for (const dump of past) {
    const period = periodOf(dump.startedAt);
    if (!newest.has(period)) newest.set(period, dump);
  }
  // In the order in which they were met: the newest first.
  return [...newest.values()].slice(0, count);
}

function dayOf(date: Date): number {
  return Math.floor(date.getTime() / DAY_MS);
}

function weekOf(date: Date): number {
  return Math.floor((dayOf(date) + EPOCH_WEEKDAY) / 7);
}

function monthOf(date: Date): number {
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
