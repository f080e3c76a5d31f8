import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FaultKit } from "./fault-kit.ts";
import type { FaultRule } from "./fault-rule.ts";
import type { MatchedRequest } from "./strike.ts";

const NO_STORE = { snapshot: () => ({ buckets: new Map(), uploads: new Map() }) };

const put = { operation: "PutObject" as const, bucket: "b", key: "k", partNumber: undefined };

const operation = fc.constantFrom("PutObject", "UploadPart", "CompleteMultipartUpload", "ListParts" as const);
const request: fc.Arbitrary<MatchedRequest> = fc.record({
  operation,
  bucket: fc.constant("b"),
  key: fc.constantFrom("a/1", "a/2", "b/1"),
  partNumber: fc.constant(undefined),
});
const rule = fc.record(
  {
    fault: fc.constantFrom("error" as const, "lost-answer" as const),
    operation,
    keyPrefix: fc.constantFrom("a/", "a/2", ""),
    nth: fc.integer({ min: 1, max: 5 }),
    times: fc.integer({ min: 1, max: 5 }),
    probability: fc.constantFrom(0.1, 0.5, 0.9),
  },
  { requiredKeys: ["fault"] },
) as fc.Arbitrary<FaultRule>;

async function strikes(kit: FaultKit, rules: FaultRule[], requests: MatchedRequest[]): Promise<unknown[]> {
  const ids = await Promise.all(rules.map(async (one) => (await kit.inject(one)).id));
  for (const one of requests) kit.strike(one, NO_STORE)?.happened();
  return (await kit.log()).map(({ ruleId, at: _at, ...rest }) => ({ rule: ids.indexOf(ruleId), ...rest }));
}

describe("a kit of faults", () => {
  it("does the same by the same seed to the same requests, anew after a restart", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(rule, { maxLength: 4 }),
        fc.array(request, { maxLength: 40 }),
        async (seed, rules, requests) => {
          const kit = new FaultKit({ seed });
          const first = await strikes(kit, rules, requests);
          expect(await strikes(new FaultKit({ seed }), rules, requests)).toEqual(first);
          await kit.restart();
          expect(await strikes(kit, rules, requests)).toEqual(first);
          await kit.restart(seed);
          expect(await strikes(kit, rules, requests)).toEqual(first);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("strikes what the rule says, and as often", async () => {
    await fc.assert(
      fc.asyncProperty(rule, fc.array(request, { maxLength: 60 }), async (one, requests) => {
        const applies = requests.filter(
          ({ operation: name, key }) =>
            (one.operation === undefined || one.operation === name) && key?.startsWith(one.keyPrefix ?? ""),
        );
        const { nth = 1, times = one.nth === undefined ? Infinity : 1 } = one;
        const from = applies.slice(nth - 1);
        const kit = new FaultKit();
        const log = (await strikes(kit, [one], requests)) as { key: string; request: number }[];
        if (one.probability === undefined) expect(log).toHaveLength(Math.min(from.length, times));
        else expect(log.length).toBeLessThanOrEqual(Math.min(from.length, times));
        for (const entry of log) expect(applies[entry.request - 1]).toMatchObject({ key: entry.key });
      }),
    );
  });

  it("strikes about as many as the probability says, others by another seed", async () => {
    const requests = Array.from({ length: 2000 }, () => put);
    const rules: FaultRule[] = [{ fault: "error", probability: 0.3 }];
    const [one, two] = [
      await strikes(new FaultKit({ seed: 1 }), rules, requests),
      await strikes(new FaultKit({ seed: 2 }), rules, requests),
    ];
    // Five standard deviations.
    for (const { length } of [one, two]) expect(Math.abs(length - 600)).toBeLessThan(103);
    expect(one).not.toEqual(two);
  });

  it("lets the first of two rules have a request to itself", async () => {
    const kit = new FaultKit();
    const rules: FaultRule[] = [
      { fault: "error", times: 2 },
      { fault: "lost-answer", nth: 1 },
    ];
    expect(await strikes(kit, rules, [put, put, put, put])).toEqual([
      { rule: 0, fault: "error", ...put, request: 1 },
      { rule: 0, fault: "error", ...put, request: 2 },
      { rule: 1, fault: "lost-answer", ...put, request: 1 },
    ]);
  });

  it("keeps the last 10,000 of what happened, and none of the run before in the log of the next", async () => {
    const kit = new FaultKit();
    await kit.inject({ fault: "error" });
    for (let i = 0; i < 10_005; i++) kit.strike(put, NO_STORE)?.happened();
    const log = await kit.log();
    expect([log.length, log[0]?.request, log.at(-1)?.request]).toEqual([10_000, 6, 10_005]);
    const late = kit.strike(put, NO_STORE);
    await kit.restart();
    late?.happened();
    expect(await kit.log()).toEqual([]);
  });

  describe("by the clock", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it("strikes for ten seconds, and then no more", async () => {
      const kit = new FaultKit();
      await kit.inject({ fault: "error", status: 503, forMs: 10_000 });
      const strike = kit.strike(put, NO_STORE);
      vi.advanceTimersByTime(9_999);
      expect(kit.strike(put, NO_STORE)).toBeDefined();
      expect(strike?.ended.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(kit.strike(put, NO_STORE)).toBeUndefined();
      expect(strike?.ended.aborted).toBe(true);
    });
  });

  it.each<[string, unknown]>([
    ["object", null],
    ["object", "error"],
    ["fault", {}],
    ["fault", { fault: "toString" }],
    ["opertion", { fault: "error", opertion: "PutObject" }],
    ["__proto__", JSON.parse('{"fault":"error","__proto__":{"status":503}}')],
    ["operation", { fault: "error", operation: "Put" }],
    ["operation", { fault: "error", operation: [] }],
    ["PutObject", { fault: "stale-list", operation: "PutObject" }],
    ["PutObject", { fault: "slow-complete", operation: ["PutObject"] }],
    ["status", { fault: "error", status: 200 }],
    ["status", { fault: "lost-answer", status: 500 }],
    ["code", { fault: "error", code: "<x>" }],
    ["effect", { fault: "time-out", effect: "half" }],
    ["nth", { fault: "error", nth: 0 }],
    ["times", { fault: "error", times: 1.5 }],
    ["forMs", { fault: "error", forMs: Infinity }],
    ["forMs", { fault: "error", forMs: 2 ** 31 }],
    ["probability", { fault: "error", probability: 0 }],
    ["probability", { fault: "error", probability: 1.1 }],
    ["keyPrefix", { fault: "error", keyPrefix: 7 }],
    ["bytesPerSecond", { fault: "slow-socket" }],
    ["bytesPerSecond", { fault: "slow-socket", bytesPerSecond: 0 }],
    ["aheadMs", { fault: "clock-skew" }],
    ["of", { fault: "store-full", of: "luck" }],
    ["ms", { fault: "delay", ms: -1 }],
    ["afterBytes", { fault: "reset", afterBytes: "5" }],
    ["seemsWhole", { fault: "truncated", seemsWhole: 1 }],
  ])("refuses a rule that cannot be meant, and names it: %s", async (named, wrong) => {
    const kit = new FaultKit();
    await expect(kit.inject(wrong as FaultRule)).rejects.toMatchObject({
      code: "invalid_rule",
      message: expect.stringContaining(named),
    });
    expect(kit.strike(put, NO_STORE)).toBeUndefined();
  });

  it("refuses a seed that is none", async () => {
    expect(() => new FaultKit({ seed: 0.5 })).toThrow(/seed/);
    await expect(new FaultKit().restart(Number.NaN)).rejects.toMatchObject({ code: "invalid_rule" });
  });
});
