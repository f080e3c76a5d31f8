import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { SpacesUploadStatus } from "../upload-status.ts";
import type { FromEngine } from "./engine-messages.ts";
import { createStatusFeed } from "./status-feed.ts";

const uploading = (sentBytes: number): SpacesUploadStatus => ({
  status: "uploading",
  sessionId: "s",
  progress: { sentBytes, totalBytes: 100, bytesPerSecond: 1, remainingMs: 1 },
});

function open() {
  const clock = new VirtualClock();
  const told: { at: number; message: Extract<FromEngine, { type: "updates" }> }[] = [];
  const now = new Map<string, SpacesUploadStatus>();
  const feed = createStatusFeed({
    clock,
    post: (message) => told.push({ at: clock.now(), message }),
    statusOf: (id) => now.get(id),
  });
  const change = (id: string, status: SpacesUploadStatus, run = 1) => {
    now.set(id, status);
    feed.changed({ id, run, status, hasTransfer: false });
  };
  const last = () => told.at(-1)?.message.updates;
  return { clock, told, feed, change, last };
}

describe("createStatusFeed", () => {
  it("tells of a thousand files with one message, of each what is true now", async () => {
    const { clock, told, change, last } = open();
    for (let index = 0; index < 1000; index += 1) {
      change(`f${index}`, { status: "queued" });
      change(`f${index}`, { status: "creating" });
    }
    await clock.advance(20);
    expect(told).toHaveLength(1);
    expect(last()).toHaveLength(1000);
    expect(last()?.every(({ status }) => status.status === "creating")).toBe(true);
  });

  it("tells progress eight times a second, and another word for it with the next frame", async () => {
    const { clock, told, change, last } = open();
    change("a", uploading(0));
    await clock.advance(1);
    const before = told.length;
    for (let ms = 0; ms < 1000; ms += 10) {
      change("a", uploading(ms / 10));
      await clock.advance(10);
    }
    expect(told.length - before).toBeGreaterThanOrEqual(7);
    expect(told.length - before).toBeLessThanOrEqual(10);
    change("a", {
      status: "paused",
      sessionId: "s",
      progress: { sentBytes: 1, totalBytes: 2, bytesPerSecond: 0, remainingMs: null },
    });
    await clock.advance(16);
    expect(last()?.[0]?.status.status).toBe("paused");
  });

  it("says again what moves by itself while nothing happens, and stops when nothing moves", async () => {
    const { clock, told, change } = open();
    change("a", uploading(5));
    await clock.advance(1600);
    expect(told.length).toBeGreaterThanOrEqual(4);
    change("a", { status: "cancelled" });
    await clock.advance(1000);
    const { length } = told;
    await clock.advance(5000);
    expect(told).toHaveLength(length);
  });

  it("passes on what is to be remembered, in order, also at the end", async () => {
    const { clock, told, feed } = open();
    feed.remember("k", "1");
    feed.remember("k", null);
    await clock.advance(16);
    feed.remember("l", "2");
    feed.close();
    expect(told.flatMap(({ message }) => message.remember)).toEqual([
      ["k", "1"],
      ["k", null],
      ["l", "2"],
    ]);
  });
});
