import { expect, it, vi } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { PartPuts } from "./part-puts.ts";
import type { PutAnswer, PutRequest } from "./put-part.ts";

const PART = { attempt: 1, url: "https://store/", origin: "https://store", headers: {}, onTaken: () => {} };

function start() {
  const clock = new VirtualClock();
  const schedule = vi.fn();
  const asked = new Map<string, { request: PutRequest; answer: (answer: PutAnswer) => void }>();
  const puts = new PartPuts({
    clock,
    schedule,
    stallTimeoutMs: 60_000,
    put: (request) =>
      new Promise((resolve, reject) => {
        asked.set(request.headers.part ?? "", { request, answer: resolve });
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      }),
  });
  const send = (partNumber: number) =>
    puts.send({ ...PART, partNumber, headers: { part: `${partNumber}` }, body: new Blob() }, () => undefined);
  const put = (partNumber: number) => {
    const found = asked.get(`${partNumber}`);
    if (found === undefined) throw new Error("not asked");
    return found;
  };
  return { clock, schedule, puts, send, put };
}

it("lets a part rest whose PUT was cut off in its body, and says when it has rested", async () => {
  const { clock, schedule, puts, send, put } = start();
  const sent = send(3);
  put(3).request.onProgress(10);
  puts.keepOnly(new Map());
  await expect(sent).resolves.toBeNull();
  await clock.advance(1999);
  expect([puts.isResting(3), puts.isResting(4), schedule.mock.calls.length]).toEqual([true, false, 0]);
  await clock.advance(1);
  expect([puts.isResting(3), schedule.mock.calls.length]).toEqual([false, 1]);
});

it("lets it rest after a broken connection and a stall, and not where the store has answered or nothing was sent", async () => {
  const { puts, send, put } = start();
  const answers: [number, PutAnswer][] = [
    [1, { ok: false, failure: { kind: "network" } }],
    [2, { ok: false, failure: { kind: "stalled" } }],
    [3, { ok: false, failure: { kind: "http", status: 503, retryAfterMs: null } }],
    [4, { ok: true, etag: "e" }],
  ];
  for (const [partNumber, answer] of answers) {
    const sent = send(partNumber);
    put(partNumber).request.onProgress(10);
    put(partNumber).answer(answer);
    await expect(sent).resolves.toEqual(answer);
  }
  const unsent = send(5);
  put(5).answer({ ok: false, failure: { kind: "network" } });
  await unsent;
  expect([1, 2, 3, 4, 5].map((partNumber) => puts.isResting(partNumber))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
