import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseKept, type DatedDump } from "./choose-kept.ts";

const DAY_MS = 86_400_000;
const POLICY = { daily: 7, weekly: 5, monthly: 12 };
const at = (iso: string) => new Date(iso);
const dump = (iso: string): DatedDump => ({ id: iso, startedAt: at(iso) });
const kept = (dumps: DatedDump[], now: string, policy = POLICY) =>
  [...chooseKept(dumps, policy, at(now))].toSorted();

/** Every night for so many days, by a job that drops what is not kept each time. */
function live(firstNight: Date, nights: number, intervalMs = DAY_MS): DatedDump[] {
  let there: DatedDump[] = [];
  for (let night = 0; night < nights; night++) {
    const now = new Date(firstNight.getTime() + night * intervalMs);
    there.push({ id: now.toISOString(), startedAt: now });
    const stay = chooseKept(there, POLICY, now);
    there = there.filter(({ id }) => stay.has(id));
  }
  return there;
}

describe("chooseKept", () => {
  it("keeps seven days, five weeks and twelve months of two years of nights", () => {
    const there = live(at("2025-01-01T03:37:00Z"), 730);
    expect(there.map(({ id }) => id.slice(0, 10))).toEqual([
      "2026-01-31",
      "2026-02-28",
      "2026-03-31",
      "2026-04-30",
      "2026-05-31",
      "2026-06-30",
      "2026-07-31",
      "2026-08-31",
      "2026-09-30",
      "2026-10-31",
      "2026-11-30",
      "2026-12-06",
      "2026-12-13",
      "2026-12-20",
      "2026-12-25",
      "2026-12-26",
      "2026-12-27",
      "2026-12-28",
      "2026-12-29",
      "2026-12-30",
      "2026-12-31",
    ]);
  });

  it("keeps the same whether it was asked every night or once", () => {
    const nights = fc.integer({ min: 1, max: 500 });
    const hours = fc.integer({ min: 3, max: 200 });
    const first = fc.date({
      min: at("2024-01-01T00:00:00Z"),
      max: at("2027-01-01T00:00:00Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(first, nights, hours, (start, count, every) => {
        const interval = every * 3_600_000;
        const all = Array.from({ length: count }, (_, night) =>
          dump(new Date(start.getTime() + night * interval).toISOString()),
        );
        const now = all.at(-1)?.startedAt ?? start;
        expect(
          live(start, count, interval)
            .map(({ id }) => id)
            .toSorted(),
        ).toEqual([...chooseKept(all, POLICY, now)].toSorted());
      }),
      { numRuns: 60 },
    );
  });

  it("takes no notice of daylight saving, by which a day has 23 hours or 25", () => {
    // In Berlin 01:30Z and 00:30Z of these days are of the same local hour, or of none.
    const dumps = [
      "2026-03-28T23:30:00Z",
      "2026-03-29T00:30:00Z",
      "2026-03-29T01:30:00Z",
      "2026-10-25T00:30:00Z",
      "2026-10-25T01:30:00Z",
    ].map(dump);
    expect(kept(dumps, "2026-12-01T00:00:00Z", { daily: 9, weekly: 0, monthly: 0 })).toEqual([
      "2026-03-28T23:30:00Z",
      "2026-03-29T01:30:00Z",
      "2026-10-25T01:30:00Z",
    ]);
  });

  it("keeps what there is over a gap of any length", () => {
    const before = ["2025-06-01T03:00:00Z", "2025-06-02T03:00:00Z", "2025-06-03T03:00:00Z"].map(dump);
    expect(kept(before, "2035-01-01T00:00:00Z")).toHaveLength(3);
    expect(kept([...before, dump("2035-01-01T00:00:00Z")], "2035-01-01T00:00:00Z")).toHaveLength(4);
  });

  it("keeps all of a day that is not over, and of those before the last one", () => {
    const dumps = [
      "2026-05-10T01:00:00Z",
      "2026-05-10T12:00:00Z",
      "2026-05-11T01:00:00Z",
      "2026-05-11T12:00:00Z",
    ].map(dump);
    expect(kept(dumps, "2026-05-11T12:30:00Z")).toEqual(
      dumps
        .slice(2)
        .map(({ id }) => id)
        .concat("2026-05-10T12:00:00Z")
        .toSorted(),
    );
  });

  const dumps = fc.uniqueArray(
    fc.record({
      id: fc.uuid(),
      startedAt: fc.date({
        min: at("2000-01-01T00:00:00Z"),
        max: at("2100-01-01T00:00:00Z"),
        noInvalidDate: true,
      }),
    }),
    { selector: ({ id }) => id, maxLength: 60 },
  );
  const policy = fc.record({ daily: fc.nat(9), weekly: fc.nat(6), monthly: fc.nat(13) });
  const now = fc.date({
    min: at("1990-01-01T00:00:00Z"),
    max: at("2110-01-01T00:00:00Z"),
    noInvalidDate: true,
  });

  it("always keeps the newest one, whatever policy and clock are", () => {
    fc.assert(
      fc.property(dumps, policy, now, (all, wanted, time) => {
        const stay = chooseKept(all, wanted, time);
        const newestOf = (some: DatedDump[]) =>
          some.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
        const newest = newestOf(all);
        expect(stay.size > 0).toBe(all.length > 0);
        if (newest !== undefined)
          expect(all.some(({ id, startedAt }) => stay.has(id) && +startedAt === +newest.startedAt)).toBe(
            true,
          );
        const past = newestOf(all.filter(({ startedAt }) => startedAt <= time));
        if (past !== undefined)
          expect(all.some(({ id, startedAt }) => stay.has(id) && +startedAt === +past.startedAt)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("wants nothing more of what it has kept, and knows no order", () => {
    fc.assert(
      fc.property(dumps, policy, now, (all, wanted, time) => {
        const stay = chooseKept(all, wanted, time);
        const left = all.filter(({ id }) => stay.has(id));
        expect(chooseKept(left, wanted, time)).toEqual(stay);
        expect([...chooseKept(all.toReversed(), wanted, time)].toSorted()).toEqual([...stay].toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it("loses nothing to a clock that goes back, or was wrong for a while", () => {
    const good = live(at("2026-01-01T03:00:00Z"), 100);
    expect(chooseKept(good, POLICY, at("2020-01-01T00:00:00Z")).size).toBe(good.length);
    const wrong = Array.from({ length: 40 }, (_, night) =>
      dump(new Date(at("2099-01-01T03:00:00Z").getTime() + night * DAY_MS).toISOString()),
    );
    const stay = chooseKept([...good, ...wrong], POLICY, at("2026-04-11T00:00:00Z"));
    expect(stay.size).toBe(good.length + wrong.length);
  });
});
