import type { QuotaScope } from "@audiotricks/protocol/messages";
import { describe, expect, it } from "vitest";
import { describeNotice, nextNotices, type QuotaNotice } from "./quota-notices.ts";

const quota = (status: QuotaScope["status"], id = "u", scope: QuotaScope["scope"] = "user"): QuotaScope => ({
  scope,
  id,
  usedBytes: 850,
  reservedBytes: 0,
  limitBytes: 1000,
  usedFiles: 12,
  reservedFiles: 0,
  limitFiles: null,
  status,
});

describe("notices of a quota", () => {
  /** What is shown after each reading, and how often something new was. */
  function follow(...readings: QuotaScope["status"][]) {
    let notices: readonly QuotaNotice[] = [];
    let previous: readonly QuotaScope[] | null = null;
    return readings.map((status) => {
      const next = [quota(status)];
      const before = notices;
      notices = nextNotices(notices, previous, next);
      previous = next;
      return [notices.map((notice) => notice.status).join(), notices === before ? "same" : "new"];
    });
  }

  it("come at each crossing, once", () => {
    expect(follow("normal", "high", "high", "warning", "over_quota", "over_quota")).toEqual([
      ["", "same"],
      ["high", "new"],
      ["high", "same"],
      ["warning", "new"],
      ["over_quota", "new"],
      ["over_quota", "same"],
    ]);
  });

  it("do not come for what was so when the page was opened", () => {
    expect(follow("over_quota", "over_quota").map(([shown]) => shown)).toEqual(["", ""]);
  });

  it("go when there is room again, and come when it is crossed again", () => {
    expect(follow("normal", "warning", "high", "warning").map(([shown]) => shown)).toEqual([
      "",
      "warning",
      "",
      "warning",
    ]);
  });

  it("do not come back once a person took them away, nor for another workspace", () => {
    expect(nextNotices([], [quota("high")], [quota("high")])).toEqual([]);
    const [one, other] = [quota("normal", "w1", "workspace"), quota("over_quota", "w2", "workspace")];
    expect(nextNotices([], [one], [other])).toEqual([]);
    expect(nextNotices([{ scope: "workspace", id: "w1", status: "high" }], [one], [other])).toEqual([]);
  });

  it("say what is full, and how", () => {
    expect(describeNotice(quota("high"), { ...quota("high"), limitFiles: 50 })).not.toContain("files");
    const full = { ...quota("high"), limitFiles: 14 };
    expect(describeNotice(quota("high"), full)).toBe(
      "Your storage is over 80 % full: 850 bytes of 1 KB and 12 of 14 files are used.",
    );
    expect(describeNotice(quota("warning", "w", "workspace"), undefined)).toBe(
      "This workspace is over 90 % full.",
    );
    expect(describeNotice(quota("over_quota"), quota("over_quota"))).toContain("What is there stays");
  });
});
