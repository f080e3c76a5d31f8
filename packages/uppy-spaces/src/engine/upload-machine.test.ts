import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  INITIAL_STATE,
  nextUploadState,
  type SessionPlan,
  todoParts,
  transferOf,
  type UploadEvent,
  type UploadState,
} from "./upload-machine.ts";

const plan: SessionPlan = {
  sessionId: "s1",
  method: "multipart",
  fileSize: 45,
  partSize: 10,
  partCount: 5,
};
const file = { id: "f1" } as Extract<UploadEvent, { type: "completed" }>["file"];
const etag = "0".repeat(32);

function fold(events: UploadEvent[], from: UploadState = INITIAL_STATE): UploadState {
  return events.reduce(nextUploadState, from);
}
const begun: UploadEvent[] = [{ type: "begin" }, { type: "created", plan, storedParts: [] }];
const send = (partNumber: number, attempt = partNumber): UploadEvent[] => [
  { type: "part-started", partNumber, attempt },
  { type: "part-stored", partNumber, attempt },
];
const allSent = [1, 2, 3, 4, 5].flatMap((part) => send(part));
const todo = (state: UploadState) => {
  const transfer = transferOf(state);
  return transfer === null ? [] : [...todoParts(transfer)];
};

describe("nextUploadState", () => {
  it("goes from queued to done", () => {
    expect(fold(begun).status).toBe("sending");
    const all = fold([...begun, ...allSent]);
    expect(all).toMatchObject({ status: "finalizing", shownBytes: 45 });
    expect(nextUploadState(all, { type: "completed", sessionId: "s1", file })).toEqual({
      status: "done",
      file,
    });
  });

  it("lets go of what is in flight when paused, and sends it again", () => {
    const sending = fold([...begun, ...send(1), { type: "part-started", partNumber: 2, attempt: 9 }]);
    expect(todo(sending)).toEqual([3, 4, 5]);
    const paused = nextUploadState(sending, { type: "pause" });
    expect(todo(paused)).toEqual([2, 3, 4, 5]);
    expect(nextUploadState(paused, { type: "part-stored", partNumber: 2, attempt: 9 })).toBe(paused);
    expect(nextUploadState(paused, { type: "part-started", partNumber: 2, attempt: 10 })).toBe(paused);
  });

  it("does not begin while paused", () => {
    const paused = fold([{ type: "pause" }, { type: "begin" }]);
    expect(paused).toEqual({ ...INITIAL_STATE, isPaused: true });
    expect(fold([{ type: "resume" }, { type: "begin" }], paused).status).toBe("creating");
  });

  it("never shows fewer bytes than before, though a failed part has to be sent again", () => {
    const state = fold([
      ...begun,
      { type: "part-started", partNumber: 1, attempt: 1 },
      { type: "part-progress", partNumber: 1, attempt: 1, sentBytes: 7 },
      { type: "part-failed", partNumber: 1, attempt: 1 },
      { type: "part-started", partNumber: 1, attempt: 2 },
      { type: "part-progress", partNumber: 1, attempt: 2, sentBytes: 3 },
    ]);
    expect(state).toMatchObject({ status: "sending", shownBytes: 7 });
  });

  it("proves parts of an earlier page before it adds to them", () => {
    const storedParts = [
      { partNumber: 1, size: 10, etag },
      { partNumber: 5, size: 5, etag },
    ];
    const checking = fold([{ type: "begin" }, { type: "created", plan, storedParts }]);
    expect(checking).toMatchObject({ status: "checking", shownBytes: 0 });
    expect(nextUploadState(checking, { type: "part-started", partNumber: 2, attempt: 1 })).toBe(checking);
    const sending = fold(
      [
        { type: "part-proven", partNumber: 5 },
        { type: "part-proven", partNumber: 1 },
      ],
      checking,
    );
    expect(sending).toMatchObject({ status: "sending", shownBytes: 15 });
    expect(todo(sending)).toEqual([2, 3, 4]);
  });

  it("sends parts again whose size or ETag proves nothing", () => {
    const storedParts = [
      { partNumber: 1, size: 9, etag },
      { partNumber: 2, size: 10, etag: "not-an-md5" },
      { partNumber: 6, size: 5, etag },
    ];
    const state = fold([{ type: "begin" }, { type: "created", plan, storedParts }]);
    expect(state.status).toBe("sending");
    expect(todo(state)).toEqual([1, 2, 3, 4, 5]);
  });

  it("begins a new session, without offering the old one, when the stored parts are another file's", () => {
    const storedParts = [{ partNumber: 1, size: 10, etag }];
    const state = fold([{ type: "begin" }, { type: "created", plan, storedParts }, { type: "other-file" }]);
    expect(state).toMatchObject({ status: "creating", mayResume: false });
    expect(nextUploadState(state, { type: "created", plan, storedParts }).status).toBe("sending");
  });

  it("sends exactly the parts again that the store is missing", () => {
    const state = fold([
      ...begun,
      ...allSent,
      { type: "parts-missing", sessionId: "s1", partNumbers: [2, 5] },
    ]);
    expect(todo(state)).toEqual([2, 5]);
  });

  it("goes on sending when another tab asked for completion before all was there", () => {
    const early = fold([...begun, ...send(1), { type: "session-completed", sessionId: "s1" }]);
    expect(early.status).toBe("finalizing");
    const state = nextUploadState(early, {
      type: "parts-missing",
      sessionId: "s1",
      partNumbers: [2, 3, 4, 5],
    });
    expect([state.status, todo(state)]).toEqual(["sending", [2, 3, 4, 5]]);
  });

  it("keeps what is stored over a failure, and goes on with it on retry", () => {
    const error = { code: "storage_unavailable", message: "away" } as const;
    const failed = fold([...begun, ...send(1), { type: "fail", error, isSessionOver: false }]);
    expect(todo(nextUploadState(failed, { type: "retry" }))).toEqual([2, 3, 4, 5]);
    const over = fold([...begun, ...send(1), { type: "fail", error, isSessionOver: true }]);
    expect(nextUploadState(over, { type: "retry" })).toMatchObject({ status: "creating", mayResume: true });
  });

  it("waits for nothing while parts move, except for the network", () => {
    const sending = fold([...begun, { type: "part-started", partNumber: 1, attempt: 1 }]);
    const wait = { reason: "retrying", retryAt: 5 } as const;
    expect(nextUploadState(sending, { type: "wait", wait })).toBe(sending);
    const offline = nextUploadState(sending, { type: "wait", wait: { reason: "offline", retryAt: null } });
    expect(offline).toMatchObject({ wait: { reason: "offline" } });
    const moved = nextUploadState(offline, {
      type: "part-progress",
      partNumber: 1,
      attempt: 1,
      sentBytes: 1,
    });
    expect(moved).toMatchObject({ wait: null });
  });
});

const anyEvent: fc.Arbitrary<UploadEvent> = fc.oneof(
  fc.constantFrom<UploadEvent>(
    { type: "begin" },
    { type: "pause" },
    { type: "resume" },
    { type: "cancel" },
    { type: "retry" },
    { type: "other-file" },
    { type: "session-lost", sessionId: "s1" },
    { type: "session-completed", sessionId: "s1" },
    { type: "completed", sessionId: "s1", file },
    { type: "completed", sessionId: "another", file },
    { type: "wait", wait: { reason: "offline", retryAt: null } },
    { type: "wait", wait: { reason: "retrying", retryAt: 1 } },
  ),
  fc.record({
    type: fc.constant("created" as const),
    plan: fc.constant(plan),
    storedParts: fc.array(
      fc.record({
        partNumber: fc.integer({ min: 0, max: 7 }),
        size: fc.constantFrom(5, 10, 11),
        etag: fc.constantFrom(etag, "x"),
      }),
      { maxLength: 6 },
    ),
  }),
  fc.record({
    type: fc.constantFrom("part-started" as const, "part-stored" as const, "part-failed" as const),
    partNumber: fc.integer({ min: 0, max: 6 }),
    attempt: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({
    type: fc.constant("part-progress" as const),
    partNumber: fc.integer({ min: 0, max: 6 }),
    attempt: fc.integer({ min: 1, max: 8 }),
    sentBytes: fc.integer({ min: 0, max: 20 }),
  }),
  fc.record({ type: fc.constant("part-proven" as const), partNumber: fc.integer({ min: 0, max: 6 }) }),
  fc.record({
    type: fc.constant("parts-missing" as const),
    sessionId: fc.constant("s1"),
    partNumbers: fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant("fail" as const),
    error: fc.constant({ code: "internal" as const, message: "x" }),
    isSessionOver: fc.boolean(),
  }),
);

describe("nextUploadState, whatever comes in whatever order", () => {
  it("keeps every part in exactly one place, and the bytes right", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let state = INITIAL_STATE;
        for (const event of events) {
          state = nextUploadState(state, event);
          const transfer = transferOf(state);
          if (transfer === null) continue;
          const places = Array.from({ length: plan.partCount }, (_, index) => {
            const part = index + 1;
            const { stored, inFlight, unproven } = transfer;
            const isTodo = [...todoParts(transfer)].includes(part);
            return [stored.has(part), inFlight.has(part), unproven.has(part), isTodo].filter(Boolean).length;
          });
          expect(places).toEqual([1, 1, 1, 1, 1]);
          const stored = [1, 2, 3, 4, 5].filter((part) => transfer.stored.has(part));
          const bytes = stored.reduce((sum, part) => sum + (part === 5 ? 5 : 10), 0);
          expect(transfer.storedBytes).toBe(bytes);
          for (const [part, { sentBytes }] of transfer.inFlight)
            expect(sentBytes).toBeLessThanOrEqual(part === 5 ? 5 : 10);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("never goes back in what it shows, never leaves an end but by retry or cancel, never completes what is not all there", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let state = INITIAL_STATE;
        let shown = 0;
        for (const event of events) {
          const before = state;
          state = nextUploadState(state, event);
          if ("shownBytes" in state) {
            expect(state.shownBytes).toBeGreaterThanOrEqual(shown);
            expect(state.shownBytes).toBeLessThanOrEqual(plan.fileSize);
            shown = state.shownBytes;
          }
          if (before.status === "done" || before.status === "cancelled") expect(state).toBe(before);
          if (before.status === "failed" && state !== before)
            expect(["retry", "cancel"]).toContain(event.type);
          if (state.status === "done" && before !== state) expect(before.status).toBe("finalizing");
          if (state.status === "finalizing" && before.status !== "finalizing") {
            const isAllStored = state.transfer.stored.isFull;
            expect(isAllStored || event.type === "session-completed" || event.type === "retry").toBe(true);
          }
          if (before.status === "sending" && event.type === "part-started" && state !== before)
            expect([...todoParts(before.transfer)]).toContain(event.partNumber);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
