import fc from "fast-check";
import { expect, test } from "vitest";
import { ANSWERS_UNTIL_UP, DOWN_AFTER_MS, FAILURES_UNTIL_DOWN, type Health, nextHealth } from "./health.ts";

const UP: Health = { state: "up", against: 0, againstSince: undefined };
const FAILED = { isFine: false, cause: "ECONNREFUSED" } as const;
const FINE = { isFine: true } as const;

test("stays up over failures that come in a burst, or one at a time", () => {
  let health = UP;
  for (let i = 0; i < 50; i++) health = nextHealth(health, FAILED, i);
  expect(health.state).toBe("up");
  health = UP;
  for (let at = 0; at < 1_000_000; at += 10_000)
    health = nextHealth(health, at % 30_000 === 0 ? FINE : FAILED, at);
  expect(health.state).toBe("up");
});

test("is down after three failures over twenty seconds, and up after two answers", () => {
  let health = nextHealth(UP, FAILED, 0);
  health = nextHealth(health, FAILED, 10_000);
  expect(health).toEqual({ state: "up", against: 2, againstSince: 0 });
  health = nextHealth(health, FAILED, DOWN_AFTER_MS);
  expect(health).toEqual({ state: "down", against: 0, againstSince: undefined });
  health = nextHealth(health, FINE, 30_000);
  expect(health.state).toBe("down");
  expect(nextHealth(health, FAILED, 35_000).against).toBe(0);
  expect(nextHealth(health, FINE, 40_000)).toEqual(UP);
});

test("changes its state only after that many looks in a row that speak against it, whatever the clock does", () => {
  const looks = fc.array(fc.record({ isFine: fc.boolean(), at: fc.integer({ min: -1e6, max: 1e6 }) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(looks, (all) => {
      let health = UP;
      for (const [index, { isFine, at }] of all.entries()) {
        const before = health;
        health = nextHealth(health, isFine ? FINE : FAILED, at);
        if (health.state === before.state) continue;
        const needed = health.state === "down" ? FAILURES_UNTIL_DOWN : ANSWERS_UNTIL_UP;
        const last = all.slice(index + 1 - needed, index + 1);
        expect(last).toHaveLength(needed);
        expect(last.every((look) => look.isFine === (health.state === "up"))).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
