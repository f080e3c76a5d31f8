import type { FlightRecord } from "@audiotricks/uppy-spaces";
import { expect, it } from "vitest";
import { newerRecord } from "./newer-record.ts";

const OVER: FlightRecord = {
  version: 1,
  fileBytes: 1,
  nowMs: 10,
  phase: "over",
  phases: {},
  sentBytes: 1,
  lostBytes: 0,
  causes: {},
  droppedEvents: 0,
  events: [{ atMs: 10, kind: "refused", phase: "over" }],
};

it("keeps what is over until it was tried again, however soon that ended too", () => {
  expect(newerRecord(OVER, { ...OVER })).toBe(OVER);
  const again: FlightRecord = {
    ...OVER,
    events: [...OVER.events, { atMs: 20, kind: "stored", phase: "over" }],
  };
  expect(newerRecord(OVER, again)).toBe(again);
  const long: FlightRecord = { ...OVER, droppedEvents: 2 };
  expect(newerRecord(OVER, long)).toBe(long);
  const moving: FlightRecord = { ...OVER, phase: "network" };
  expect(newerRecord(OVER, moving)).toBe(moving);
  expect(newerRecord(OVER, null)).toBeNull();
});
