import { UPLOAD_ERRORS, type UploadErrorCode } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { describeError } from "./describe-error.ts";
import { describeQuota, quotaShares } from "./describe-quota.ts";
import { describeStatus } from "./describe-status.ts";
import { describeLimits, findViolation, uppyRestrictions } from "./restrictions.ts";

const GB = 1024 ** 3;
const MB = 1024 ** 2;

describe("describeError", () => {
  it("has words for every code", () => {
    for (const code of Object.keys(UPLOAD_ERRORS) as UploadErrorCode[]) {
      const { title, advice } = describeError({ code, message: "What the server said." });
      expect(title, code).not.toBe("");
      expect(advice, code).toMatch(/\.$/);
    }
  });

  it("says a full quota with its numbers", () => {
    const details = {
      scope: "workspace",
      limitBytes: GB,
      usedBytes: GB / 2,
      reservedBytes: GB / 4,
      size: GB,
      overBytes: GB,
    };
    expect(describeError({ code: "quota_exceeded", message: "", details })).toEqual({
      title: "Not enough space in this workspace",
      advice: "The file needs 1 GB; 256 MB of 1 GB are free. Delete files you no longer need, then retry.",
    });
  });

  it("says a full number of files", () => {
    const details = { scope: "user", limitBytes: GB, usedBytes: 0, overBytes: 0, limitFiles: 1000 };
    expect(describeError({ code: "quota_exceeded", message: "", details })).toEqual({
      title: "Too many files",
      advice: "1,000 files are allowed. Delete files you no longer need, then retry.",
    });
  });

  it("does not trust numbers that are none", () => {
    const details = { limitBytes: "a lot", usedBytes: null };
    expect(describeError({ code: "quota_exceeded", message: "", details }).advice).toBe(
      "Delete files you no longer need, then retry.",
    );
  });
});

describe("describeStatus", () => {
  const progress = { sentBytes: 12 * MB, totalBytes: 300 * MB, bytesPerSecond: 4 * MB, remainingMs: 72_000 };

  it("says how far, how fast and how long", () => {
    expect(describeStatus({ status: "uploading", sessionId: "s", progress }, 300 * MB)).toEqual({
      label: "Uploading",
      detail: "12 MB of 300 MB · 4 MB/s · 1 min left",
      tone: "busy",
    });
  });

  it("does not claim a speed or a time while nothing moves", () => {
    const still = { ...progress, bytesPerSecond: 0, remainingMs: null };
    expect(describeStatus({ status: "uploading", sessionId: "s", progress: still }, 300 * MB).detail).toBe(
      "12 MB of 300 MB",
    );
  });

  it("is calm when the network is gone", () => {
    const status = { status: "waiting", reason: "offline", retryInMs: null, progress } as const;
    expect(describeStatus(status, 300 * MB)).toMatchObject({ label: "No network", tone: "calm" });
  });

  it.each([
    ["moving", "Uploading in another tab", "12 MB of 300 MB · 4 MB/s · 1 min left"],
    ["paused", "Paused in another tab", "12 MB of 300 MB · Resume it there, or close that tab"],
    ["stopped", "Stopped in another tab", "12 MB of 300 MB · Retry it there, or close that tab"],
  ] as const)("says calmly what another tab does with the file: %s", (other, label, detail) => {
    const status = { status: "waiting", reason: "elsewhere", other, retryInMs: null, progress } as const;
    expect(describeStatus(status, 300 * MB)).toEqual({ label, detail, tone: "calm" });
  });
});

describe("restrictions", () => {
  const limits = { maxFileSize: 5 * GB, allowedExtensions: ["mp3", "wav", "ogg"] };

  it("says them in one line", () => expect(describeLimits(limits)).toBe("MP3, WAV or OGG, up to 5 GB each"));

  it("gives Uppy extensions, not types, and refuses empty files", () =>
    expect(uppyRestrictions(limits)).toEqual({
      maxFileSize: 5 * GB,
      minFileSize: 1,
      allowedFileTypes: [".mp3", ".wav", ".ogg"],
    }));

  it.each([
    [{ name: "a.mp3", size: 1 }, undefined],
    [{ name: "A.WAV", size: 5 * GB }, undefined],
    [{ name: "a.mp3", size: 0 }, "file_empty"],
    [{ name: "a.mp3", size: 5 * GB + 1 }, "file_too_large"],
    [{ name: "a.mp3.exe", size: 1 }, "type_not_allowed"],
    [{ name: "mp3", size: 1 }, "type_not_allowed"],
  ])("finds what is wrong with %o: %s", (file, code) => expect(findViolation(file, limits)?.code).toBe(code));
});

describe("quota", () => {
  const quota = {
    scope: "user",
    id: "u",
    usedBytes: 2 * GB,
    reservedBytes: GB,
    limitBytes: 10 * GB,
    usedFiles: 2,
    reservedFiles: 1,
    limitFiles: null,
    status: "normal",
  } as const;

  it("says used, on the way and free", () =>
    expect(describeQuota(quota)).toEqual({
      summary: "2 GB of 10 GB used",
      level: null,
      detail: "1 GB on its way · 7 GB free",
    }));

  it("says how near the limit it is, and how many files there may be", () => {
    const { level, detail } = describeQuota({
      ...quota,
      status: "warning",
      usedFiles: 1950,
      limitFiles: 2000,
    });
    expect(level).toBe("Over 90 % full");
    expect(detail).toBe("1 GB on its way · 1,950 of 2,000 files · 7 GB free");
    expect(
      describeQuota({ ...quota, limitBytes: null, limitFiles: 3, usedFiles: 4, status: "over_quota" }),
    ).toEqual({
      summary: "2 GB used, no limit",
      level: "Over the limit",
      detail: "1 GB on its way · 4 of 3 files",
    });
  });

  it("never fills the bar beyond its end", () => {
    expect(quotaShares({ ...quota, usedBytes: 9.5 * GB })).toEqual({ used: 0.95, reserved: 1 - 0.95 });
    expect(quotaShares({ ...quota, usedBytes: 20 * GB })).toEqual({ used: 1, reserved: 0 });
    expect(quotaShares({ ...quota, limitBytes: 0 })).toEqual({ used: 1, reserved: 0 });
    expect(quotaShares({ ...quota, limitBytes: null })).toEqual({ used: 0, reserved: 0 });
  });
});
