import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import { describe, expect, it } from "vitest";
import { announcementOf } from "./announcement.ts";
import { describeTotals } from "./describe-totals.ts";
import { hasChangedStorage } from "./storage-changes.ts";
import { STORED_RECORD } from "./stored-record.fixture.ts";
import { EMPTY_UPLOADS, reuseItems, totalsOf, type UploadItem, type UploadsState } from "./uploads-state.ts";

const MB = 1024 ** 2;
const NONE: UploadItem["warnings"] = [];

function uploading(id: string, sentBytes: number, bytesPerSecond = MB): UploadItem {
  const progress = { sentBytes, totalBytes: 10 * MB, bytesPerSecond, remainingMs: null };
  const sound = { folder: null, audio: null, warnings: NONE, stems: null };
  const status = { status: "uploading", sessionId: id, progress } as const;
  return { id, name: `${id}.wav`, size: 10 * MB, status, ...sound };
}
function withStatus(item: UploadItem, status: SpacesUploadStatus): UploadItem {
  return { ...item, status };
}
function paused(item: UploadItem, sentBytes: number): UploadItem {
  const progress = { sentBytes, totalBytes: item.size, bytesPerSecond: 0, remainingMs: null };
  return withStatus(item, { status: "paused", sessionId: item.id, progress });
}
const failedStatus = { status: "failed", error: { code: "file_empty", message: "" } } as const;
function stateOf(...files: UploadItem[]): UploadsState {
  return { ...EMPTY_UPLOADS, files, totals: totalsOf(files) };
}

describe("totalsOf", () => {
  it("counts neither failed files nor the rest of paused ones into what remains", () => {
    const totals = totalsOf([
      uploading("a", 5 * MB),
      paused(uploading("b", 0), 4 * MB),
      withStatus(uploading("c", 0), failedStatus),
    ]);
    expect(totals).toMatchObject({
      unfinished: 2,
      paused: 1,
      failed: 1,
      sentBytes: 9 * MB,
      totalBytes: 20 * MB,
    });
    expect(totals.remainingMs).toBe(5000);
  });

  it("claims no remaining time while nothing moves", () =>
    expect(totalsOf([uploading("a", 0, 0)]).remainingMs).toBeNull());
});

describe("describeTotals", () => {
  it("says what is under way", () =>
    expect(describeTotals(totalsOf([uploading("a", 5 * MB), uploading("b", 0)]))).toEqual({
      headline: "Uploading 2 of 2 files",
      detail: "5 MB of 20 MB · 2 MB/s · a few seconds left",
    }));

  it("says when everything is paused", () =>
    expect(describeTotals(totalsOf([paused(uploading("a", 0), MB)])).headline).toBe("1 file paused"));

  it("does not claim to upload while everything waits", () => {
    const progress = { sentBytes: MB, totalBytes: 10 * MB, bytesPerSecond: 0, remainingMs: null };
    const waiting = withStatus(uploading("a", 0), {
      status: "waiting",
      reason: "offline",
      retryInMs: null,
      progress,
    });
    expect(describeTotals(totalsOf([waiting]))).toEqual({
      headline: "Waiting for the connection",
      detail: "1 MB of 10 MB",
    });
  });

  it("does not call a list of failures uploaded", () =>
    expect(describeTotals(totalsOf([withStatus(uploading("a", 0), failedStatus)])).headline).toBe(
      "1 file not uploaded",
    ));
});

describe("reuseItems", () => {
  it("keeps the list itself when nothing changed, and the items that did not", () => {
    const old = [uploading("a", 1), uploading("b", 1)];
    expect(
      reuseItems(
        old,
        old.map((item) => ({ ...item })),
      ),
    ).toBe(old);
    const next = reuseItems(old, [{ ...(old[0] as UploadItem) }, uploading("b", 2)]);
    expect(next).not.toBe(old);
    expect(next[0]).toBe(old[0]);
    expect(next[1]).not.toBe(old[1]);
  });
});

describe("hasChangedStorage", () => {
  const queued = withStatus(uploading("a", 0), { status: "queued" });
  const sending = uploading("a", MB);
  const failed = withStatus(sending, failedStatus);

  it("is true where something was begun, ended or taken away", () => {
    expect(hasChangedStorage([queued], [sending])).toBe(true);
    expect(hasChangedStorage([sending], [failed])).toBe(true);
    expect(hasChangedStorage([sending], [])).toBe(true);
  });

  it("is false for what only this page knows", () => {
    expect(hasChangedStorage([], [queued])).toBe(false);
    expect(hasChangedStorage([sending], [paused(sending, MB)])).toBe(false);
    expect(hasChangedStorage([paused(sending, MB)], [sending])).toBe(false);
    expect(hasChangedStorage([sending], [uploading("a", 2 * MB)])).toBe(false);
  });
});

describe("announcementOf", () => {
  it("says each quarter once, and nothing in between", () => {
    const at = (share: number) => stateOf(uploading("a", share * 10 * MB));
    expect(announcementOf(at(0.2), at(0.24))).toBeNull();
    expect(announcementOf(at(0.24), at(0.26))).toBe("25 % uploaded.");
    expect(announcementOf(at(0.2), at(0.8))).toBe("75 % uploaded.");
    expect(announcementOf(at(0.9), at(1))).toBeNull();
  });

  it("names the file that failed and why", () => {
    const file = uploading("a", 0);
    expect(announcementOf(stateOf(file), stateOf(withStatus(file, failedStatus)))).toMatch(
      /^a\.wav: The file is empty\./,
    );
  });

  it("says that a file was cancelled, and nothing about one that was tidied away", () => {
    const file = uploading("a", 0);
    expect(announcementOf(stateOf(file), EMPTY_UPLOADS)).toBe("a.wav cancelled.");
    expect(announcementOf(stateOf(withStatus(file, failedStatus)), EMPTY_UPLOADS)).toBeNull();
  });

  it("says that a file was stored which the host took away at once", () => {
    const file = uploading("a", 0);
    const stored = withStatus(file, { status: "done", file: STORED_RECORD });
    const tidied = { ...EMPTY_UPLOADS, left: [stored] };
    expect(announcementOf(stateOf(file), tidied)).toBe("a.wav uploaded.");
    expect(announcementOf(stateOf(stored), tidied)).toBeNull();
    expect(announcementOf(tidied, { ...stateOf(file), left: tidied.left })).toBe("a.wav added.");
    expect(announcementOf({ ...stateOf(file), left: tidied.left }, tidied)).toBe("a.wav cancelled.");
  });

  it("says that files were added", () =>
    expect(announcementOf(EMPTY_UPLOADS, stateOf(uploading("a", 0), uploading("b", 0)))).toBe(
      "2 files added.",
    ));
});
