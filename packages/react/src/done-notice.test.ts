import { describe, expect, it } from "vitest";
import { isExpectedToLast, noticeOf } from "./done-notice.ts";
import { totalsOf, type UploadTotals } from "./uploads-state.ts";
import { ENGLISH } from "./words.ts";

const totals = (change: Partial<UploadTotals>): UploadTotals => ({ ...totalsOf([]), ...change });

describe("a notice of the end", () => {
  it("is offered where a minute or more is left, and not where nothing can be told", () => {
    expect(isExpectedToLast(totals({ unfinished: 1, remainingMs: 60_000 }))).toBe(true);
    expect(isExpectedToLast(totals({ unfinished: 1, remainingMs: 59_999 }))).toBe(false);
    expect(isExpectedToLast(totals({ unfinished: 1, remainingMs: null }))).toBe(false);
    expect(isExpectedToLast(totals({ unfinished: 0, remainingMs: 90_000 }))).toBe(false);
  });

  it("says what became of the files, in their language", () => {
    expect(noticeOf(totals({ files: 3, done: 2, failed: 1 }), ENGLISH)).toEqual({
      title: "2 files uploaded",
      options: { lang: "en-GB", dir: "ltr", body: "1 file not uploaded" },
    });
  });

  it("says nothing of what still runs, or was cancelled", () => {
    expect(noticeOf(totals({ files: 2, unfinished: 1, done: 1 }), ENGLISH)).toBeNull();
    expect(noticeOf(totals({}), ENGLISH)).toBeNull();
  });
});
