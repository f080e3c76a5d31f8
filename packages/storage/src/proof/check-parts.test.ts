import { describe, expect, it } from "vitest";
import { multipartEtag } from "../s3/etag.ts";
import { requireListedParts, requirePlannedParts, requireSameBytes } from "./check-parts.ts";

const part = (partNumber: number, size: number, etag = `e${partNumber}`) => ({ partNumber, size, etag });
const plan = { fileSize: 25, partSize: 10 };

describe("requirePlannedParts", () => {
  it("is content with exactly the planned parts, in any order", () => {
    requirePlannedParts(plan, [part(3, 5), part(1, 10), part(2, 10)]);
  });

  it("names every part to send again", () => {
    expect(() => requirePlannedParts(plan, [part(2, 10), part(3, 10)])).toThrow(
      expect.objectContaining({ code: "parts_missing", details: { missing: [1, 3], wrongSize: [3] } }),
    );
  });

  it.each([0, 4, 10_001])("refuses a part %d that the plan does not have", (extra) => {
    expect(() => requirePlannedParts(plan, [part(1, 10), part(2, 10), part(3, 5), part(extra, 1)])).toThrow(
      expect.objectContaining({ code: "size_mismatch" }),
    );
  });
});

describe("requireSameBytes", () => {
  const md5s = ["0", "1"].map((digit) => digit.repeat(32));
  const stored = md5s.map((etag, index) => part(index + 1, 10, etag));
  const partsMd5 = multipartEtag(md5s)?.replace("-2", "");

  it("is content with the caller's own parts, in any order, and where there is nothing to compare", () => {
    requireSameBytes(partsMd5, stored);
    requireSameBytes(partsMd5, stored.toReversed());
    requireSameBytes(undefined, stored);
    requireSameBytes(partsMd5, [part(1, 10, "encrypted"), part(2, 10)]);
  });

  it("refuses a part that somebody else sent", () => {
    expect(() => requireSameBytes(partsMd5, [part(1, 10, md5s[1]), part(2, 10, md5s[1])])).toThrow(
      expect.objectContaining({ code: "parts_missing", details: { missing: [] } }),
    );
  });
});

describe("requireListedParts", () => {
  const stored = [part(1, 10), part(2, 10)];

  it("is content when list and store agree", () => {
    requireListedParts(stored, stored, 20);
  });

  it.each([
    ["a part the store lacks", [...stored, part(3, 1)], stored],
    ["another ETag", [part(1, 10, "x"), part(2, 10)], stored],
    ["a part not listed", [part(1, 10)], stored],
    ["nothing at all", [], []],
  ])("refuses %s", (_, listed, held) => {
    expect(() => requireListedParts(listed, held, 20)).toThrow(
      expect.objectContaining({ code: "parts_missing" }),
    );
  });

  it("refuses more bytes than were reserved", () => {
    expect(() => requireListedParts(stored, stored, 19)).toThrow(
      expect.objectContaining({ code: "size_mismatch" }),
    );
  });
});
