import { expect, test } from "vitest";
import { createRecentCalls } from "./recent-calls.ts";

const CALL = { name: "UploadPart", status: 200 };

test("says nothing of few calls, of what callers did wrong, and of a store that asks to slow down", () => {
  const recent = createRecentCalls(() => 0);
  for (let i = 0; i < 9; i++) recent.count({ ...CALL, status: 500 });
  expect(recent.findTrouble()).toBeUndefined();
  for (const status of [403, 404, 412, 501, 503])
    for (let i = 0; i < 4; i++) recent.count({ ...CALL, status });
  expect(recent.findTrouble()).toBeUndefined();
});

test("tells when half of the calls failed, and forgets it after a minute", () => {
  let at = 0;
  const recent = createRecentCalls(() => at);
  for (let i = 0; i < 5; i++) recent.count({ name: "UploadPart", status: undefined });
  at = 30_000;
  for (let i = 0; i < 5; i++) recent.count(CALL);
  expect(recent.findTrouble()).toBe("5 of 10 calls of the last minute failed");
  recent.count(CALL);
  expect(recent.findTrouble()).toBeUndefined();
  at = 65_000;
  for (let i = 0; i < 20; i++) recent.count({ name: "UploadPart", status: 500 });
  expect(recent.findTrouble()).toBe("20 of 26 calls of the last minute failed");
  at = 125_000;
  expect(recent.findTrouble()).toBeUndefined();
});

test("does not count whether the bucket is there", () => {
  const recent = createRecentCalls(() => 0);
  for (let i = 0; i < 50; i++) recent.count({ name: "HeadBucket", status: undefined });
  expect(recent.findTrouble()).toBeUndefined();
});
