import { describe, expect, it } from "vitest";
import { BrowserProfile } from "../../test/support/browser-profile.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { flightToJson, summarizeFlight } from "../summarize-flight.ts";
import { createFlightRecorder, type FlightRecord } from "./flight-recorder.ts";
import { INITIAL_STATE, nextUploadState, type UploadEvent } from "./upload-machine.ts";

const MiB = 1024 * 1024;

function open() {
  const clock = new VirtualClock();
  const flights = createFlightRecorder(clock);
  let state = INITIAL_STATE;
  flights.begin("a", 25);
  return {
    clock,
    flights,
    say: (event: UploadEvent) => {
      const before = state;
      state = nextUploadState(before, event);
      if (state !== before) flights.changed("a", before, state);
    },
    record: (): FlightRecord => {
      const record = flights.find("a");
      if (record === undefined) throw new Error("There is no record.");
      return record;
    },
  };
}
const plan = { sessionId: "s", method: "multipart", fileSize: 25, partSize: 10, partCount: 3 } as const;

describe("createFlightRecorder", () => {
  it("says at every moment what an upload waits for", async () => {
    const { clock, flights, say, record } = open();
    await clock.advance(5);
    say({ type: "begin" });
    await clock.advance(20);
    say({ type: "created", plan, storedParts: [] });
    const signed = flights.during(
      "a",
      "signing",
      new Promise<void>((resolve) => void clock.after(30, resolve)),
    );
    await clock.advance(30);
    await signed;
    await clock.advance(7);
    say({ type: "part-started", partNumber: 1, attempt: 1 });
    await clock.advance(100);
    say({ type: "part-progress", partNumber: 1, attempt: 1, sentBytes: 10 });
    await clock.advance(40);
    say({ type: "part-stored", partNumber: 1, attempt: 1 });
    say({ type: "pause" });
    await clock.advance(1000);
    expect(record().phases).toEqual({
      queued: 5,
      session: 20,
      signature: 30,
      lane: 7,
      network: 100,
      store: 40,
      paused: 1000,
    });
    expect(record()).toMatchObject({ phase: "paused", nowMs: 1202, sentBytes: 10, lostBytes: 0 });
    expect(record().events.find(({ kind }) => kind === "stored")).toMatchObject({
      part: 1,
      ms: 140,
      bytes: 10,
    });
    expect(summarizeFlight(record()).slowBecause).toBe("paused");
  });

  it("counts what is sent twice, and why", async () => {
    const { clock, flights, say, record } = open();
    say({ type: "begin" });
    say({ type: "created", plan, storedParts: [] });
    say({ type: "part-started", partNumber: 2, attempt: 1 });
    await clock.advance(10);
    say({ type: "part-progress", partNumber: 2, attempt: 1, sentBytes: 6 });
    flights.refused("a", 2, { kind: "http", status: 503, retryAfterMs: null });
    say({ type: "part-failed", partNumber: 2, attempt: 1 });
    say({ type: "wait", wait: { reason: "retrying", retryAt: 5010 } });
    await clock.advance(5000);
    const { bytesSentTwice, retries, slowBecause } = summarizeFlight(record());
    expect([bytesSentTwice, retries, slowBecause]).toEqual([6, [{ cause: "http-503", count: 1 }], "store"]);
    expect(record().events.at(-1)).toMatchObject({ kind: "waiting", ms: 5000, phase: "retrying" });
  });

  it("keeps the last 2,000 events, and all sums", async () => {
    const { clock, flights, record } = open();
    for (let index = 0; index < 3000; index += 1) {
      await flights.during("a", "hashing", Promise.resolve());
    }
    await clock.advance(3);
    expect(record().events).toHaveLength(2000);
    expect(record().droppedEvents).toBe(1 + 6000 - 2000);
    expect(record().events.every(({ kind }) => kind === "hashing" || kind === "hashed")).toBe(true);
    expect(record().phases).toEqual({ queued: 3 });
  });

  it("accounts for all the time and bytes of a whole engine, and exports no address", async () => {
    const profile = new BrowserProfile({ trouble: 0.2, seed: 5 });
    profile.add("a", 100 * MiB);
    await profile.clock.advance(400);
    profile.setOnline(false);
    await profile.clock.advance(60_000);
    profile.setOnline(true);
    await profile.until(() => profile.last("a") === "done");
    const record = profile.engine.flight("a");
    if (record === undefined) throw new Error("There is no record.");
    const { totalMs, slowBecause, retries } = summarizeFlight(record);
    expect(record.phase).toBe("over");
    expect(Math.abs(totalMs - record.nowMs)).toBeLessThan(10);
    expect(record.sentBytes - record.lostBytes).toBe(100 * MiB);
    expect([slowBecause, retries.length > 0]).toEqual(["offline", true]);
    const json = flightToJson(record, "a browser");
    expect(JSON.parse(json)).toMatchObject({ version: 1, browser: "a browser", fileBytes: 100 * MiB });
    expect(json).not.toMatch(/id-\d|https?:|a\.wav/);
  });
});
