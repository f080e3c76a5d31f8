import fc from "fast-check";
import { expect, it } from "vitest";
import { multiply, shareOut } from "./share-out.ts";

it("shares out what there is: no more, no less, and nobody's part is off by one", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 80n }),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 90n }), { minLength: 1, maxLength: 50 }),
      (amount, weights) => {
        const shares = shareOut(amount, weights);
        expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(amount);
        const all = weights.reduce((sum, weight) => sum + weight, 0n);
        if (all === 0n) return;
        shares.forEach((share, index) => {
          const exact = amount * (weights[index] ?? 0n);
          expect(share * all > exact - all && share * all < exact + all).toBe(true);
          if (weights[index] === 0n) expect(share).toBe(0n);
        });
      },
    ),
  );
});

it("gives what is left to the largest remainders, and to the first of equals", () => {
  expect(shareOut(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
  expect(shareOut(10n, [3n, 3n, 1n])).toEqual([4n, 4n, 2n]);
  expect(shareOut(1n, [0n, 0n])).toEqual([1n, 0n]);
});

it("rounds half up, once", () => {
  expect([multiply(1n, 1n, 2n), multiply(1n, 1n, 3n), multiply(2n, 1n, 3n)]).toEqual([1n, 0n, 1n]);
});
