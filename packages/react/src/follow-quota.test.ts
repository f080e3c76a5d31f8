import type { QuotaScope } from "@audiotricks/protocol/messages";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onFiles } from "./change-signal.ts";
import { followQuota, pauseAfter } from "./follow-quota.ts";

const ALPHA = "aaaaaaaa-0000-4000-8000-000000000001";
const BETA = "bbbbbbbb-0000-4000-8000-000000000002";
const URL_OF_COMPANION = "https://uploads.example.com";

const quotasOf = (id: string, usedBytes: number): QuotaScope[] => [
  {
    scope: "user",
    id,
    usedBytes,
    reservedBytes: 0,
    limitBytes: null,
    usedFiles: 0,
    reservedFiles: 0,
    limitFiles: null,
    status: "normal",
  },
];

/** A page, and a companion whose streams the test holds. */
class World {
  readonly page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  readonly streams: {
    url: string;
    token: string;
    tell: (id: string, used: number) => void;
    tellFiles: (text: string) => void;
    end: () => void;
  }[] = [];
  open = 0;
  answer: (() => Response) | null = null;
  /** What each stream begins with, where the test does not say it itself. */
  first: number | null = null;
  readonly taken = new Set<string>();

  constructor() {
    vi.stubGlobal("document", this.page);
    vi.stubGlobal("location", { href: "https://app.example.com/page" });
    vi.stubGlobal("navigator", { locks: { request: this.#lock } });
    vi.stubGlobal("fetch", this.#fetch);
  }

  show(visibilityState: "visible" | "hidden") {
    this.page.visibilityState = visibilityState;
    this.page.dispatchEvent(new Event("visibilitychange"));
  }

  follow(userId = ALPHA, { token = "t", workspaceId = undefined as string | undefined } = {}) {
    const used: number[] = [];
    const silences: string[] = [];
    const leave = followQuota({
      companionUrl: URL_OF_COMPANION,
      workspaceId,
      userId,
      getToken: () => token,
      onQuotas: (quotas) => used.push(quotas[0]?.usedBytes ?? -1),
      onSilence: (why) => silences.push(why),
    });
    return { used, silences, leave };
  }

  readonly #lock = async (name: string, _: unknown, work: (lock: object | null) => Promise<unknown>) => {
    if (this.taken.has(name)) return await work(null);
    this.taken.add(name);
    try {
      return await work({ name });
    } finally {
      this.taken.delete(name);
    }
  };

  readonly #fetch = async (url: string, { headers, signal }: RequestInit): Promise<Response> => {
    if (this.answer !== null) return this.answer();
    const encoder = new TextEncoder();
    this.open += 1;
    let isOpen = true;
    const close = () => {
      if (isOpen) this.open -= 1;
      isOpen = false;
    };
    const textOf = (id: string, used: number) =>
      encoder.encode(`event: quota\ndata: ${JSON.stringify({ version: 1, quotas: quotasOf(id, used) })}\n\n`);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        if (this.first !== null) controller.enqueue(textOf(ALPHA, this.first));
        signal?.addEventListener("abort", () => {
          if (isOpen) controller.error(signal.reason);
          close();
        });
        this.streams.push({
          url,
          token: new Headers(headers).get("authorization") ?? "",
          tell: (id, used) => controller.enqueue(textOf(id, used)),
          tellFiles: (text) => controller.enqueue(encoder.encode(`event: files\ndata: ${text}\n\n`)),
          end: () => {
            controller.close();
            close();
          },
        });
      },
      cancel: close,
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

let world: World;
const settle = () => vi.advanceTimersByTimeAsync(0);
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("following a quota", () => {
  it("is one stream for all parts of a page that follow the same; whoever comes later has it at once", async () => {
    const one = world.follow();
    const two = world.follow(ALPHA, { token: "another" });
    await settle();
    expect(world.streams).toHaveLength(1);
    world.streams[0]?.tell(ALPHA, 5);
    await settle();
    const late = world.follow();
    expect([one.used, two.used, late.used]).toEqual([[5], [5], [5]]);
    one.leave();
    one.leave();
    world.streams[0]?.tell(ALPHA, 6);
    await settle();
    expect([one.used, two.used, late.used]).toEqual([[5], [5, 6], [5, 6]]);
    two.leave();
    late.leave();
    await settle();
    expect([world.open, world.taken.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
    world.show("visible");
    await settle();
    expect(world.streams).toHaveLength(1);
  });

  it("never shows one user what another is told, even with that one's token", async () => {
    const alpha = world.follow(ALPHA, { token: "of beta by now" });
    const beta = world.follow(BETA);
    await settle();
    expect(world.streams).toHaveLength(2);
    world.streams[0]?.tell(BETA, 77);
    world.streams[1]?.tell(BETA, 88);
    await settle();
    expect(alpha.used).toEqual([]);
    expect(beta.used).toEqual([88]);
    expect(world.open).toBe(1);
    alpha.leave();
    beta.leave();
  });

  it("sends those who had been told away to read when somebody else has signed in", async () => {
    const { used, silences, leave } = world.follow();
    await settle();
    world.streams[0]?.tell(ALPHA, 1);
    world.streams[0]?.tell(BETA, 2);
    await settle();
    expect([used, silences]).toEqual([[1], ["failed"]]);
    leave();
  });

  it("holds no connection while nobody sees the page, and begins again when somebody does", async () => {
    world.show("hidden");
    const { used, silences, leave } = world.follow();
    await settle();
    expect(world.streams).toHaveLength(0);
    world.show("visible");
    await settle();
    world.streams[0]?.tell(ALPHA, 1);
    await settle();
    world.show("hidden");
    await settle();
    expect([world.open, silences]).toEqual([0, ["hidden"]]);
    world.show("visible");
    await settle();
    world.streams[1]?.tell(ALPHA, 2);
    await settle();
    expect(used).toEqual([1, 2]);
    leave();
  });

  it("goes on after an end that is no failure, soon and not at once, and nobody reads for it", async () => {
    const { used, silences, leave } = world.follow();
    await settle();
    for (let times = 0; times < 5; times++) {
      world.streams.at(-1)?.tell(ALPHA, times);
      await vi.advanceTimersByTimeAsync(30_000);
      world.streams.at(-1)?.end();
      await vi.advanceTimersByTimeAsync(299);
      expect(world.streams).toHaveLength(times + 1);
      await vi.advanceTimersByTimeAsync(2701);
      expect(world.streams).toHaveLength(times + 2);
    }
    expect([used, silences]).toEqual([[0, 1, 2, 3, 4], []]);
    leave();
  });

  it("comes back less and less often to what tells once and ends, and soon again once that has held", async () => {
    const { used, silences, leave } = world.follow();
    await settle();
    const endSoon = async () => {
      world.streams.at(-1)?.tell(ALPHA, world.streams.length);
      await settle();
      world.streams.at(-1)?.end();
      await settle();
    };
    await endSoon();
    // Once is nothing to read for.
    expect(silences).toEqual([]);
    const begun = Date.now();
    for (let seconds = 0; seconds < 3600; seconds++) {
      await vi.advanceTimersByTimeAsync(1000);
      if (world.open > 0) await endSoon();
    }
    expect(Date.now() - begun).toBeGreaterThanOrEqual(3_600_000);
    expect(world.streams.length).toBeGreaterThan(10);
    expect(world.streams.length).toBeLessThan(40);
    expect(silences.length).toBeGreaterThan(0);

    while (world.open === 0) await vi.advanceTimersByTimeAsync(1000);
    const { length } = world.streams;
    world.streams.at(-1)?.tell(ALPHA, 77);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(used.at(-1)).toBe(77);
    world.streams.at(-1)?.end();
    await vi.advanceTimersByTimeAsync(3000);
    expect(world.streams).toHaveLength(length + 1);
    leave();
  });

  it("has lists of files read when files are elsewhere, once for all parts, and not for the same again", async () => {
    let signals = 0;
    const endListening = onFiles(URL_OF_COMPANION, () => {
      signals += 1;
    });
    const elsewhere = onFiles("https://other.example.com", () => {
      throw new Error("another companion's");
    });
    const [one, two] = [world.follow(), world.follow()];
    await settle();
    const told = async (text: string) => {
      world.streams.at(-1)?.tell(ALPHA, 1);
      world.streams.at(-1)?.tellFiles(text);
      await settle();
      return signals;
    };
    expect([await told("a"), await told("a"), await told("b")]).toEqual([1, 1, 2]);
    await vi.advanceTimersByTimeAsync(30_000);
    world.streams.at(-1)?.end();
    await vi.advanceTimersByTimeAsync(3000);
    expect(world.streams).toHaveLength(2);
    expect([await told("b"), await told("c")]).toEqual([2, 3]);
    one.leave();
    two.leave();
    endListening();
    elsewhere();
  });

  it("hears nothing of files from a stream that is somebody else's", async () => {
    let signals = 0;
    const endListening = onFiles(URL_OF_COMPANION, () => {
      signals += 1;
    });
    const { leave } = world.follow();
    await settle();
    world.streams[0]?.tell(BETA, 1);
    world.streams[0]?.tellFiles("a");
    await settle();
    expect(signals).toBe(0);
    leave();
    endListening();
  });

  it("says once that it is time to read when it cannot go on, and tries less and less often", async () => {
    const { used, silences, leave } = world.follow();
    await settle();
    world.streams[0]?.tell(ALPHA, 1);
    await settle();
    let asked = 0;
    world.answer = () => {
      asked += 1;
      return new Response("", { status: 502 });
    };
    world.streams[0]?.end();
    await vi.advanceTimersByTimeAsync(3000);
    expect([asked, silences]).toEqual([1, ["failed"]]);
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(asked).toBeGreaterThan(6);
    expect(asked).toBeLessThan(25);
    world.answer = null;
    world.first = 9;
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(used.at(-1)).toBe(9);
    expect(silences).toEqual(["failed"]);
    leave();
  });

  it("asks an older companion no more than a few times an hour", async () => {
    let asked = 0;
    world.answer = () => {
      asked += 1;
      return Response.json({ error: { code: "route_not_found", message: "" } }, { status: 404 });
    };
    const { silences, leave } = world.follow();
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(asked).toBeLessThan(8);
    expect(silences).toEqual([]);
    leave();
  });

  it("has two streams in one browser and no more: what uploads ask needs the other connections", async () => {
    world.first = 1;
    const followed = ["w1", "w2", "w3"].map((workspaceId) => world.follow(ALPHA, { workspaceId }));
    await settle();
    expect([world.streams.length, world.open]).toEqual([2, 2]);
    followed[0]?.leave();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.open).toBe(2);
    expect(world.streams.at(-1)?.url).toContain("w3");
    for (const { leave } of followed) leave();
  });

  it("has none where it cannot be told how many there are, or where there is no page", async () => {
    vi.stubGlobal("navigator", {});
    const { leave } = world.follow();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.streams).toHaveLength(0);
    leave();
    vi.stubGlobal("document", undefined);
    world.follow().leave();
  });
});

it("waits no two pages alike, and as long as the companion says at least", () => {
  const refused = (retryAfterMs: number | null) => ({ kind: "refused", retryAfterMs }) as const;
  expect([0, 0.5, 1].map((random) => pauseAfter({ kind: "ended" }, 0, () => random))).toEqual([
    300, 1650, 3000,
  ]);
  expect([1, 2, 3, 20].map((failures) => pauseAfter({ kind: "ended" }, failures, () => 1))).toEqual([
    3000, 6000, 12_000, 300_000,
  ]);
  expect([1, 2, 3, 20].map((failures) => pauseAfter(refused(null), failures, () => 0))).toEqual([
    5000, 10_000, 20_000, 300_000,
  ]);
  expect(pauseAfter(refused(30_000), 1, () => 0)).toBe(30_000);
  expect(pauseAfter(refused(30_000), 1, () => 1)).toBe(60_000);
});
