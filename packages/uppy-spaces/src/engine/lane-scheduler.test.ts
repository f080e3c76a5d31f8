import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignLanes, type LaneClaim } from "./lane-scheduler.ts";

const claim = (id: string, ready: number[], inFlight = 0, maxInFlight = 10): LaneClaim => ({
  id,
  inFlight,
  maxInFlight,
  ready: ready.map((partNumber) => ({ partNumber, origin: "" })),
});

describe("assignLanes", () => {
  it("gives all lanes to one file, in order of its parts", () => {
    const parts = assignLanes([claim("a", [3, 4, 7, 8, 9])], { lanes: 4 }).map(
      ({ partNumber }) => partNumber,
    );
    expect(parts).toEqual([3, 4, 7, 8]);
  });

  it("respects how many parts of one object the store takes at once", () => {
    expect(assignLanes([claim("a", [4, 5, 6], 1, 2)], { lanes: 6 })).toEqual([{ id: "a", partNumber: 4 }]);
  });

  it("shares among files, and lets a file that has nothing in flight go first", () => {
    const assigned = assignLanes([claim("a", [7, 8, 9], 2), claim("b", [1, 2]), claim("c", [1])], {
      lanes: 6,
    });
    expect(assigned.map(({ id }) => id)).toEqual(["b", "c", "b", "a"]);
  });

  it("finishes the first of many small files before it begins the last", () => {
    const many = Array.from({ length: 1000 }, (_, index) => claim(String(index), [1]));
    expect(assignLanes(many, { lanes: 6 }).map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  it("fills the connections of both hosts, and passes over parts whose host has no room", () => {
    const ready = [1, 2, 3, 4, 5, 6].map((partNumber) => ({
      partNumber,
      origin: partNumber % 2 ? "a" : "b",
    }));
    const file = { id: "x", inFlight: 3, maxInFlight: 10, ready };
    const assigned = assignLanes([file], {
      lanes: 8,
      busyHosts: new Map([
        ["a", 2],
        ["b", 1],
      ]),
      perHost: 3,
    });
    expect(assigned.map(({ partNumber }) => partNumber)).toEqual([1, 2, 4]);
  });

  it("never uses more lanes than there are, and leaves none idle that could be used", () => {
    const claims = fc.array(
      fc.record({
        inFlight: fc.integer({ min: 0, max: 3 }),
        maxInFlight: fc.integer({ min: 1, max: 10 }),
        ready: fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { maxLength: 8 }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 8 }), (drawn, lanes) => {
        const all = drawn.map((it, index) => claim(String(index), it.ready, it.inFlight, it.maxInFlight));
        const assigned = assignLanes(all, { lanes });
        const free = Math.max(0, lanes - all.reduce((sum, it) => sum + it.inFlight, 0));
        expect(assigned.length).toBeLessThanOrEqual(free);
        for (const it of all) {
          const parts = assigned.filter(({ id }) => id === it.id).map(({ partNumber }) => partNumber);
          expect(parts).toEqual(it.ready.slice(0, parts.length).map(({ partNumber }) => partNumber));
          if (parts.length > 0) expect(it.inFlight + parts.length).toBeLessThanOrEqual(it.maxInFlight);
        }
        if (assigned.length < free) {
          const contenders = all.filter(({ ready }) => ready.length > 0).slice(0, lanes);
          for (const it of contenders) {
            const taken = assigned.filter(({ id }) => id === it.id).length;
            expect(taken === it.ready.length || it.inFlight + taken >= it.maxInFlight).toBe(true);
          }
        }
      }),
    );
  });
});
