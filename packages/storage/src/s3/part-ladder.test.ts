import { S3_LIMITS } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { partSizeOnLadder } from "./part-ladder.ts";

const sizes = Array.from({ length: S3_LIMITS.maxPartCount }, (_, index) => partSizeOnLadder(index + 1));
const bytesIn = (parts: number) => sizes.slice(0, parts).reduce((sum, size) => sum + size, 0);

describe("partSizeOnLadder", () => {
  it("holds the largest object in as many parts as there may be", () => {
    expect(bytesIn(sizes.length)).toBeGreaterThanOrEqual(S3_LIMITS.maxObjectSize);
  });

  it("never makes a part that a store refuses, and never a smaller one after a larger", () => {
    expect(sizes.every((size) => size >= S3_LIMITS.minPartSize && size <= S3_LIMITS.maxPartSize)).toBe(true);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  });

  it("keeps to small parts as far as it says", () => {
    expect(bytesIn(sizes.findLastIndex((size) => size <= 16 * 1024 ** 2) + 1)).toBeGreaterThanOrEqual(50e9);
    expect(bytesIn(sizes.findLastIndex((size) => size <= 64 * 1024 ** 2) + 1)).toBeGreaterThanOrEqual(150e9);
  });

  it.each([0, -1, 1.5, Number.NaN, 10_001])("knows no part %d", (partNumber) => {
    expect(() => partSizeOnLadder(partNumber)).toThrow(RangeError);
  });
});
