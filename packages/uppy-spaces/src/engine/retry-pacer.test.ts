import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { BackoffWaits } from "./backoff-waits.ts";
import { HoldOff } from "./hold-off.ts";
import { RetryPacer } from "./retry-pacer.ts";

const retry = { baseDelayMs: 100, maxDelayMs: 1000, budgetMs: 10_000 };

describe("RetryPacer", () => {
  it("doubles up to the longest delay, with full jitter", () => {
    const highest = new RetryPacer(retry, () => 1);
    expect([1, 2, 3, 4, 5, 6].map(() => highest.afterFailure({}))).toEqual([100, 200, 400, 800, 1000, 1000]);
    const lowest = new RetryPacer(retry, () => 0);
    expect([1, 2, 3].map(() => lowest.afterFailure({}))).toEqual([0, 0, 0]);
  });

  it("starts over after a success", () => {
    const pacer = new RetryPacer(retry, () => 1);
    pacer.afterFailure({});
    pacer.afterFailure({});
    pacer.succeeded();
    expect(pacer.afterFailure({})).toBe(100);
  });

  it("obeys Retry-After, and spreads those who were told the same", () => {
    const pacer = new RetryPacer(retry, () => 0.5);
    expect(pacer.afterFailure({ retryAfterMs: 5000 })).toBe(5050);
    expect(pacer.afterFailure({ retryAfterMs: 86_400_000 })).toBeNull();
    expect(new RetryPacer(retry, () => 0).afterFailure({ retryAfterMs: 86_400_000, isFree: true })).toBe(
      300_000,
    );
  });

  it("gives up once the budget is spent, which being offline does not touch", () => {
    const pacer = new RetryPacer(retry, () => 1);
    for (let i = 0; i < 100; i += 1)
      expect(pacer.afterFailure({ isFree: true, tookMs: 5000 })).not.toBeNull();
    expect(pacer.afterFailure({ tookMs: 9000 })).toBe(1000);
    expect(pacer.afterFailure({ tookMs: 1 })).toBeNull();
  });
});

describe("HoldOff", () => {
  const open = () => {
    const clock = new VirtualClock();
    let over = 0;
    const hold = new HoldOff({ clock, retry, random: () => 1, schedule: () => (over += 1) });
    return { clock, hold, overs: () => over };
  };

  it("counts failures of one incident once", async () => {
    const { clock, hold, overs } = open();
    expect(hold.fail({})).toBe(100);
    expect(hold.fail({})).toBe(100);
    expect(hold.isActive).toBe(true);
    await clock.advance(100);
    expect([hold.isActive, overs()]).toEqual([false, 1]);
    expect(hold.fail({})).toBe(300);
  });

  it("ends at once when woken, and calls back once", async () => {
    const { clock, hold, overs } = open();
    hold.fail({});
    hold.wake();
    await clock.advance(1000);
    expect([hold.isActive, overs(), clock.hasTimers]).toEqual([false, 1, false]);
  });

  it("has its whole budget again after a reset", async () => {
    const { clock, hold } = open();
    expect(hold.fail({ tookMs: 9_900 })).toBe(100);
    await clock.advance(100);
    expect(hold.fail({ tookMs: 1 })).toBeNull();
    hold.reset();
    expect(hold.fail({})).toBe(200);
  });
});

describe("BackoffWaits", () => {
  it("ends when the time is over, when woken, or when aborted, and leaves no timer", async () => {
    const clock = new VirtualClock();
    const waits = new BackoffWaits(clock);
    const controller = new AbortController();
    const log: string[] = [];
    const wait = (name: string, ms: number) =>
      waits.sleep(ms, controller.signal).then(
        () => log.push(`${name} over`),
        () => log.push(`${name} aborted`),
      );
    void wait("a", 10);
    await clock.advance(10);
    void wait("b", 10);
    waits.wake();
    await clock.advance(0);
    void wait("c", 10);
    controller.abort();
    await clock.advance(0);
    expect(log).toEqual(["a over", "b over", "c aborted"]);
    expect(clock.hasTimers).toBe(false);
    await expect(waits.sleep(1, controller.signal)).rejects.toBe(controller.signal.reason);
  });
});
