import { createHash } from "node:crypto";
import type { FileMatch } from "@audiotricks/protocol/messages";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openContentSearch } from "./find-same-content.ts";
import { createBlobHasher } from "./md5/blob-hasher.ts";
import { searchContent } from "./search-content.ts";
import type { FromSearch, ToSearch } from "./search-messages.ts";

const PART = 1000;
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const noise = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >> 3)) & 0xff);

function partsOf(bytes: Uint8Array, partSize: number): string[] {
  const count = Math.max(1, Math.ceil(bytes.length / partSize));
  return Array.from({ length: count }, (_, index) =>
    md5(bytes.subarray(index * partSize, (index + 1) * partSize)),
  );
}

function stored(
  fileId: string,
  bytes: Uint8Array,
  partSize = PART,
  more: Partial<FileMatch> = {},
): FileMatch {
  const parts = partsOf(bytes, partSize);
  const whole = createHash("md5");
  for (const part of parts) whole.update(part, "hex");
  return {
    fileId,
    name: `${fileId}.wav`,
    size: bytes.length,
    createdAt: "2026-11-24T10:05:00.000Z",
    etag: `${whole.digest("hex")}-${parts.length}`,
    partSize,
    firstPartMd5: parts[0] ?? null,
    ...more,
  };
}

/** A blob that counts what is read of it. */
function counted(bytes: Uint8Array<ArrayBuffer>) {
  const blob = new Blob([bytes]);
  let read = 0;
  const slice = blob.slice.bind(blob);
  blob.slice = (...range) => {
    const part = slice(...range);
    read += part.size;
    return part;
  };
  return { blob, read: () => read };
}

const never = new AbortController().signal;

describe("a file and those that are stored", () => {
  it.each([1, 999, 1000, 1001, 12_345])("are the same by their parts: %i bytes", async (length) => {
    const find = openContentSearch();
    const bytes = noise(length, 1);
    const others = [stored("a", noise(length, 2)), stored("b", bytes), stored("c", noise(length, 3))];
    expect((await find(new Blob([bytes]), others, never))?.fileId).toBe("b");
    expect(await find(new Blob([noise(length, 4)]), others, never)).toBeNull();
  });

  it("are the same in parts of any size, in one piece, and where the first part is not known", async () => {
    const find = openContentSearch();
    const bytes = noise(5_000, 1);
    const whole = stored("whole", bytes, PART, { etag: md5(bytes) });
    const unknown = stored("unknown", bytes, 700, { firstPartMd5: null });
    expect((await find(new Blob([bytes]), [stored("x", noise(5_000, 9), 700), whole], never))?.fileId).toBe(
      "whole",
    );
    expect((await find(new Blob([bytes]), [stored("x", noise(5_000, 9)), unknown], never))?.fileId).toBe(
      "unknown",
    );
  });

  it("are others where only the last byte differs, or the number of parts", async () => {
    const find = openContentSearch();
    const bytes = noise(5_000, 1);
    const last = bytes.slice();
    last[4_999] = (last[4_999] ?? 0) ^ 1;
    expect(await find(new Blob([bytes]), [stored("a", last)], never)).toBeNull();
    const { etag } = stored("a", bytes);
    expect(
      await find(new Blob([bytes]), [stored("a", bytes, PART, { etag: etag.replace("-5", "-4") })], never),
    ).toBeNull();
  });

  it("are told apart by the first part, where they differ there, and nothing else is read", async () => {
    const find = openContentSearch();
    const { blob, read } = counted(noise(50_000, 1));
    const others = Array.from({ length: 60 }, (_, index) => stored(`s${index}`, noise(50_000, index + 2)));
    expect(await find(blob, others, never)).toBeNull();
    expect(read()).toBe(PART);
  });

  it("are not compared any longer when nobody wants to know", async () => {
    const find = openContentSearch();
    const gone = new AbortController();
    gone.abort(new Error("left"));
    const bytes = noise(5_000, 1);
    await expect(find(new Blob([bytes]), [stored("a", bytes)], gone.signal)).rejects.toThrow("left");
  });
});

/** What the worker does, on this thread: what is said to it and by it goes the same way. */
class NearWorker {
  onmessage: ((event: { data: FromSearch }) => void) | null = null;
  onerror: ((event: { preventDefault: () => void }) => void) | null = null;
  readonly asked: ToSearch[] = [];
  isEnded = false;
  readonly #isSilent: boolean;

  constructor({ isSilent = false, isDead = false } = {}) {
    this.#isSilent = isSilent || isDead;
    if (!isDead) queueMicrotask(() => this.say({ type: "ready" }));
  }

  postMessage(message: ToSearch): void {
    this.asked.push(message);
    if (message.type === "search" && !this.#isSilent) void this.#search(message);
  }

  async #search({ id, blob, stored }: Extract<ToSearch, { type: "search" }>): Promise<void> {
    const found = await searchContent(blob, stored, createBlobHasher(), never);
    this.say({ type: "found", id, fileId: found?.fileId ?? null });
  }

  say(data: FromSearch): void {
    if (!this.isEnded) this.onmessage?.({ data });
  }

  fail(): void {
    this.onerror?.({ preventDefault: () => {} });
  }

  terminate(): void {
    this.isEnded = true;
  }
}

describe("the worker that compares", () => {
  afterEach(() => vi.useRealTimers());

  const bytes = noise(5_000, 1);
  const others = [stored("a", noise(5_000, 2)), stored("b", bytes)];

  function search(make: () => NearWorker) {
    const opened: NearWorker[] = [];
    const find = openContentSearch({
      openWorker: () => {
        opened.push(make());
        return opened.at(-1) as unknown as Worker;
      },
    });
    return { opened, find };
  }

  it("is one for all files, and ends when nobody has asked for a while", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { opened, find } = search(() => new NearWorker());
    const found = await Promise.all([1, 2, 3].map(() => find(new Blob([bytes]), others, never)));
    expect(found.map((file) => file?.fileId)).toEqual(["b", "b", "b"]);
    expect(opened).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(opened[0]?.isEnded).toBe(false);
    expect((await find(new Blob([bytes]), others, never))?.fileId).toBe("b");
    await vi.advanceTimersByTimeAsync(31_000);
    expect(opened[0]?.isEnded).toBe(true);
    expect((await find(new Blob([bytes]), others, never))?.fileId).toBe("b");
    expect(opened).toHaveLength(2);
  });

  it("is done without where it cannot be opened, is lost, or never begins", async () => {
    const refused = search(() => {
      throw new Error("refused by a policy");
    });
    expect((await refused.find(new Blob([bytes]), others, never))?.fileId).toBe("b");

    const lost = search(() => new NearWorker({ isSilent: true }));
    const asked = lost.find(new Blob([bytes]), others, never);
    lost.opened[0]?.fail();
    expect((await asked)?.fileId).toBe("b");
    expect(lost.opened[0]?.isEnded).toBe(true);
    expect((await lost.find(new Blob([bytes]), others, never))?.fileId).toBe("b");
    expect(lost.opened).toHaveLength(1);

    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const dead = search(() => new NearWorker({ isDead: true }));
    const waits = dead.find(new Blob([bytes]), others, never);
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await waits)?.fileId).toBe("b");
  });

  it("is told what nobody wants to know any more", async () => {
    const { opened, find } = search(() => new NearWorker({ isSilent: true }));
    const leaving = new AbortController();
    const asked = find(new Blob([bytes]), others, leaving.signal);
    leaving.abort(new Error("left"));
    await expect(asked).rejects.toThrow("left");
    expect(opened[0]?.asked.map(({ type }) => type)).toEqual(["search", "drop"]);
    // An answer that was under way is for nobody.
    opened[0]?.say({ type: "found", id: 1, fileId: "b" });
  });

  it("says that a file cannot be read", async () => {
    const { opened, find } = search(() => new NearWorker({ isSilent: true }));
    const asked = find(new Blob([bytes]), others, never);
    opened[0]?.say({ type: "failed", id: 1, error: new Error("it was moved") });
    await expect(asked).rejects.toThrow("it was moved");
  });
});
