import type { QuotaResponse } from "@audiotricks/protocol/messages";
import type { QuotaQuestion, Standing } from "@audiotricks/storage";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createQuotaFeed, quotaText } from "./quota-feed.ts";

const POLL_MS = 2000;
const STALE_MS = 10_000;

function quotaOf(userId: string, usedBytes: number, files: Standing["files"] = []): Standing {
  const counted = { usedBytes, reservedBytes: 0, usedFiles: 0, reservedFiles: 0 };
  const unlimited = { limitBytes: null, limitFiles: null, status: "normal" } as const;
  return { quotas: [{ scope: "user", id: userId, ...counted, ...unlimited }], files };
}

/** A feed over numbers of the test's own. */
function open() {
  const used = new Map<string, number>();
  const files = new Map<string, Standing["files"]>();
  const removed = new Set<string>();
  const failures: unknown[] = [];
  const reads: QuotaQuestion[][] = [];
  let answer = async (questions: readonly QuotaQuestion[]): Promise<(Standing | null)[]> =>
    questions.map(({ userId }) =>
      removed.has(userId) ? null : quotaOf(userId, used.get(userId) ?? 0, files.get(userId)),
    );
  const usual = answer;
  const feed = createQuotaFeed({
    read: (questions) => {
      reads.push([...questions]);
      return answer(questions);
    },
    pollMs: POLL_MS,
    staleMs: STALE_MS,
    onFailure: (error) => failures.push(error),
  });
  const subscribe = (userId: string, workspaceId?: string) => {
    const told: number[] = [];
    const toldFiles: string[] = [];
    const gone = vi.fn<() => void>();
    const leave = feed.subscribe({
      question: { userId, workspaceId },
      known: { quota: quotaText(quotaOf(userId, used.get(userId) ?? 0)) },
      onChange: (event, text) => {
        if (event === "files") toldFiles.push(text);
        else told.push((JSON.parse(text) as QuotaResponse).quotas[0]?.usedBytes ?? -1);
      },
      onGone: gone,
    });
    return { told, toldFiles, gone, leave };
  };
  const reading = (other: typeof answer = usual) => {
    answer = other;
  };
  return { subscribe, used, files, removed, failures, reads, reading };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (polls: number) => vi.advanceTimersByTimeAsync(polls * POLL_MS);

describe("the quota feed", () => {
  it("asks for all subscribers at once, each question once, and begins and ends with them", async () => {
    const { subscribe, reads } = open();
    await pass(3);
    expect(reads).toEqual([]);
    const subscriptions = ["a", "A", "b"].map((user) => subscribe(user));
    subscriptions.push(subscribe("a", "w"));
    await pass(2);
    expect(reads).toHaveLength(2);
    expect(reads[0]).toEqual([{ userId: "a" }, { userId: "b" }, { userId: "a", workspaceId: "w" }]);
    for (const { leave } of subscriptions) {
      leave();
      leave();
    }
    await pass(3);
    expect(reads).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("tells each subscriber of changes alone", async () => {
    const { subscribe, used } = open();
    const first = subscribe("a");
    await pass(2);
    used.set("a", 1);
    const late = subscribe("a");
    const other = subscribe("b");
    await pass(2);
    used.set("a", 2);
    await pass(2);
    expect(first.told).toEqual([1, 2]);
    expect(late.told).toEqual([2]);
    expect(other.told).toEqual([]);
  });

  it("tells how far files are by its first reading, and then when one is elsewhere, beside the quota or without", async () => {
    const { subscribe, files, used } = open();
    const { told, toldFiles } = subscribe("a");
    const other = subscribe("b");
    await pass(3);
    files.set("a", [{ id: "f", state: "processed" }]);
    await pass(2);
    used.set("a", 4);
    files.set("a", []);
    await pass(2);
    const event = (listed: Standing["files"]) => JSON.stringify({ version: 1, files: listed });
    expect(toldFiles).toEqual([event([]), event([{ id: "f", state: "processed" }]), event([])]);
    expect(told).toEqual([4]);
    expect(other.toldFiles).toEqual([event([])]);
  });

  it("tells nobody what was read before they came", async () => {
    const { subscribe, used, reading } = open();
    const first = subscribe("a");
    const answers = Promise.withResolvers<(Standing | null)[]>();
    reading(() => answers.promise);
    await pass(1);
    used.set("a", 5);
    const late = subscribe("a");
    reading();
    answers.resolve([quotaOf("a", 3)]);
    await pass(0);
    expect(first.told).toEqual([3]);
    expect(late.told).toEqual([]);
    await pass(1);
    expect(first.told).toEqual([3, 5]);
    expect(late.told).toEqual([]);
  });

  it("lets whoever may not ask any more go at the next reading, and nobody else", async () => {
    const { subscribe, removed, used } = open();
    const [one, two] = [subscribe("a"), subscribe("b")];
    removed.add("a");
    used.set("a", 9);
    used.set("b", 9);
    await pass(1);
    expect(one.told).toEqual([]);
    expect(one.gone).toHaveBeenCalledOnce();
    expect(two.told).toEqual([9]);
    await pass(2);
    expect(one.gone).toHaveBeenCalledOnce();
  });

  it("outlasts a reading that fails, and goes on with the next", async () => {
    const { subscribe, used, reading, failures } = open();
    const { told, gone } = subscribe("a");
    reading(() => Promise.reject(new Error("away")));
    await pass(2);
    used.set("a", 4);
    reading();
    await pass(1);
    expect(failures).toHaveLength(2);
    expect(told).toEqual([4]);
    expect(gone).not.toHaveBeenCalled();
  });

  it.each([
    ["fails", () => Promise.reject(new Error("away"))],
    ["hangs", () => new Promise<never>(() => {})],
  ])("sends everybody away when nothing came for ten seconds, because the database %s", async (_, broken) => {
    const { subscribe, reading, reads, used } = open();
    const subscriptions = ["a", "b"].map((user) => subscribe(user));
    await pass(1);
    reading(broken);
    await vi.advanceTimersByTimeAsync(STALE_MS + 2 * POLL_MS);
    for (const { gone } of subscriptions) expect(gone).toHaveBeenCalledOnce();
    const count = reads.length;
    await pass(5);
    expect(reads).toHaveLength(count);

    reading();
    const again = subscribe("a");
    used.set("a", 1);
    await pass(1);
    expect(again.told).toEqual([1]);
  });

  it("reads one thing at a time, however long it takes", async () => {
    const { subscribe, reading, reads } = open();
    subscribe("a");
    let running = 0;
    let most = 0;
    reading(async (questions) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 3 * POLL_MS));
      running--;
      return questions.map(({ userId }) => quotaOf(userId, 0));
    });
    await pass(3);
    const { leave } = subscribe("b");
    leave();
    subscribe("c");
    await pass(20);
    expect(most).toBe(1);
    expect(reads.length).toBeGreaterThan(3);
  });
});
