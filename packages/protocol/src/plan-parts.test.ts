import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partAt, planPartSize, planParts, S3_LIMITS } from "./plan-parts.ts";

const fileSize = fc.oneof(
  fc.integer({ min: 1, max: 200 * 1024 * 1024 }),
  fc.maxSafeInteger().map((n) => (Math.abs(n) % S3_LIMITS.maxObjectSize) + 1),
);
const preferred = fc.integer({ min: 1, max: 6_000_000_000 });

describe("planParts", () => {
  it("covers the file without gap or overlap, within the limits of S3", () => {
    fc.assert(
      fc.property(fileSize, preferred, (size, wanted) => {
        const parts = planParts(size, wanted);
        const partSize = planPartSize(size, wanted);
        expect(parts.length).toBeLessThanOrEqual(S3_LIMITS.maxPartCount);
        expect(partSize).toBeGreaterThanOrEqual(S3_LIMITS.minPartSize);
        expect(partSize).toBeLessThanOrEqual(S3_LIMITS.maxPartSize);
        let end = 0;
        for (const [index, part] of parts.entries()) {
          if (part.offset !== end || part.partNumber !== index + 1 || part.size < 1 || part.size > partSize) {
            throw new Error(`part ${JSON.stringify(part)} after ${end}`);
          }
          end += part.size;
        }
        expect(end).toBe(size);
      }),
    );
  });

  it.each([
    [1, 1],
    [10 * 1024 ** 2, 2],
    [10 * 1024 ** 2 + 1, 3],
    [200 * 1024 ** 2, 40],
    [200 * 1024 ** 2 + 1, 34],
    [400 * 1024 ** 2, 40],
    [1024 ** 3, 103],
    [S3_LIMITS.maxObjectSize, 9997],
  ])("cuts %d bytes into %d parts by default", (size, count) => {
    expect(planParts(size)).toHaveLength(count);
  });

  it.each([0, -1, 1.5, Number.NaN, S3_LIMITS.maxObjectSize + 1])("refuses a file of %d bytes", (size) => {
    expect(() => planParts(size)).toThrow(RangeError);
  });

  it.each([0, -5, 4, 1.5])("has no part %d in a plan of three", (partNumber) => {
    expect(() => partAt({ fileSize: 25, partSize: 10, partNumber })).toThrow(RangeError);
  });
});
