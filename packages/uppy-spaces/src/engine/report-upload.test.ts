import { clientSummary } from "@audiotricks/protocol/messages";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { FlightRecord } from "./flight-recorder.ts";
import { reportUpload } from "./report-upload.ts";

const number = fc.double({ noNaN: true });
const flight: fc.Arbitrary<FlightRecord> = fc
  .record({
    fileBytes: fc.nat(),
    nowMs: number,
    phases: fc.record({ network: number, paused: number, offline: number }, { requiredKeys: [] }),
    sentBytes: number,
    lostBytes: number,
    statuses: fc.array(fc.tuple(fc.integer({ min: 100, max: 599 }), fc.integer({ min: 1 })), {
      maxLength: 30,
    }),
  })
  .map(({ statuses, ...record }) => ({
    ...record,
    version: 1,
    phase: "over",
    causes: Object.fromEntries(statuses.map(([status, count]) => [`http-${status}`, count])),
    droppedEvents: 0,
    events: [],
  }));

it("is within the bounds that the companion takes, whatever happened", () => {
  const upload = fc.record({ durationMs: number, bytesSent: number, retries: number });
  fc.assert(
    fc.property(fc.option(flight, { nil: undefined }), upload, (record, sums) => {
      expect(() => clientSummary.parse(reportUpload(record, sums))).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});

it("says how fast it was while it moved, and what it had to try again", () => {
  const record: FlightRecord = {
    version: 1,
    fileBytes: 9_000,
    nowMs: 10_000,
    phase: "store",
    phases: { network: 3_000, paused: 7_000 },
    sentBytes: 10_000,
    lostBytes: 1_000,
    causes: { network: 1, "http-503": 4 },
    droppedEvents: 0,
    events: [],
  };
  expect(reportUpload(record, { durationMs: 10_000.4, bytesSent: 9_000, retries: 5 })).toEqual({
    durationMs: 10_000,
    bytesSent: 9_000,
    retries: 5,
    browser: navigator.userAgent,
    bytesPerSecond: 3_000,
    bytesSentTwice: 1_000,
    retryCauses: [
      { cause: "http-503", count: 4 },
      { cause: "network", count: 1 },
    ],
    slowBecause: "paused",
  });
});
