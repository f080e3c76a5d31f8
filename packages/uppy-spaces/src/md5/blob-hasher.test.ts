import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { toHex } from "../engine/bytes-as-text.ts";
import { createBlobHasher } from "./blob-hasher.ts";
import { Md5Lanes } from "./md5-lanes.ts";
import { padMd5 } from "./md5-padding.ts";
import { Md5Scalar } from "./md5-scalar.ts";

const { signal } = new AbortController();
afterEach(() => void vi.useRealTimers());
const MiB = 1024 * 1024;

function bytesOf(size: number, seed = size): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 1) bytes[index] = index * 31 + seed * 7 + (index >> 8);
  return bytes;
}

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

describe.each([
  ["Md5Lanes", () => new Md5Lanes()],
  ["Md5Scalar", () => new Md5Scalar()],
])("createBlobHasher with %s", (_name, open) => {
  it("hashes every length around block and buffer boundaries, several at once", async () => {
    const hash = createBlobHasher(open());
    const sizes = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 65_535, 65_536, 65_537, 200_000];
    const digests = await Promise.all(sizes.map((size) => hash(new Blob([bytesOf(size)]), signal)));
    expect(digests.map(({ digest }) => toHex(digest))).toEqual(sizes.map((size) => md5(bytesOf(size))));
  });

  it("hashes what is larger than one read, one after another and side by side", async () => {
    const hash = createBlobHasher(open());
    const parts = [5 * MiB + 1000, MiB, MiB + 1, 3 * MiB, 2 * MiB + 63, 64].map((size) => bytesOf(size));
    const digests = await Promise.all(parts.map((part) => hash(new Blob([part]), signal)));
    expect(digests.map(({ digest }) => toHex(digest))).toEqual(parts.map(md5));
  }, 30_000);

  it("hashes any mix of lengths that arrive at any time", async () => {
    const hash = createBlobHasher(open());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 3 })), {
          minLength: 1,
          maxLength: 9,
        }),
        async (jobs) => {
          const digests = await Promise.all(
            jobs.map(async ([size, turns]) => {
              for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
              return hash(new Blob([bytesOf(size)]), signal);
            }),
          );
          expect(digests.map(({ digest }) => toHex(digest))).toEqual(
            jobs.map(([size]) => md5(bytesOf(size))),
          );
        },
      ),
      { numRuns: 15 },
    );
  });
});

class BrokenBlob extends Blob {
  override slice(): Blob {
    return this;
  }
  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new DOMException("gone", "NotReadableError"));
  }
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({ type: "bytes", pull: () => this.arrayBuffer().then(() => {}) });
  }
}

class ShorterBlob extends Blob {
  override get size(): number {
    return super.size + 1;
  }
}

/** As in a browser that cannot read into memory it is given. */
class OldBlob extends Blob {
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream();
  }
}

/** As when the browser loses a read: the first megabyte comes, and then nothing. */
class StuckBlob extends Blob {
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let isFirst = true;
    return new ReadableStream({
      type: "bytes",
      pull: (controller) => {
        if (!isFirst) return new Promise(() => {});
        isFirst = false;
        controller.enqueue(bytesOf(MiB, 7));
      },
    });
  }
}

/** And as when the disk is gone. */
class StuckForGood extends Blob {
  override slice(): Blob {
    return this;
  }
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({ type: "bytes", pull: () => new Promise(() => {}) });
  }
}

/** As in browsers: what is asked for is there already. */
class ReadyBlob extends Blob {
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({ type: "bytes", pull: (controller) => controller.enqueue(bytesOf(MiB, 7)) });
  }
}

/** As in browsers: each message is a task of its own. Node delivers up to a thousand in one. */
class OneByOneChannel {
  readonly port1: { onmessage: (() => void) | null; close: () => void } = {
    onmessage: null,
    close: () => {},
  };
  readonly port2 = { postMessage: () => setImmediate(() => this.port1.onmessage?.()) };
}

describe("createBlobHasher", () => {
  it("lets others have their turn, though all that it reads is there", async () => {
    vi.stubGlobal("MessageChannel", OneByOneChannel);
    const hash = createBlobHasher();
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await hash(new ReadyBlob([bytesOf(20 * MiB)]), signal);
    isOver = true;
    vi.unstubAllGlobals();
    expect(turns).toBeGreaterThanOrEqual(18);
  }, 30_000);

  it("gives up an unreadable or unwanted blob without harm to the others", async () => {
    const hash = createBlobHasher();
    const unwanted = new AbortController();
    unwanted.abort();
    const fine = bytesOf(100_000);
    const results = await Promise.allSettled([
      hash(new BrokenBlob([bytesOf(10)]), signal),
      hash(new BrokenBlob([bytesOf(2 * MiB)]), signal),
      hash(new ShorterBlob([bytesOf(2 * MiB)]), signal),
      hash(new ShorterBlob([bytesOf(10)]), signal),
      hash(new Blob([fine]), signal),
      hash(new Blob([fine]), unwanted.signal),
    ]);
    expect(
      results.map((result) => (result.status === "rejected" ? result.reason.message : result.status)),
    ).toEqual([
      "gone",
      "gone",
      "The file is shorter than it was",
      "The file is shorter than it was",
      "fulfilled",
      "This operation was aborted",
    ]);
    const more = bytesOf(2 * MiB);
    expect(toHex((await hash(new Blob([more]), signal)).digest)).toBe(md5(more));
  });

  it("reads also where a browser cannot read into memory it is given", async () => {
    const bytes = bytesOf(5 * MiB);
    expect(toHex((await createBlobHasher()(new OldBlob([bytes]), signal)).digest)).toBe(md5(bytes));
  });

  it("begins a read anew that does not end, gives up one that never will, and does not count sleep", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hash = createBlobHasher();
    const bytes = bytesOf(3 * MiB, 7);
    let isOver = false;
    const hashing = Promise.allSettled([
      hash(new StuckBlob([bytes]), signal),
      hash(new StuckForGood([bytes]), signal),
      hash(new Blob([bytes]), signal),
    ]).finally(() => {
      isOver = true;
    });
    let waitedMs = 0;
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      if (vi.getTimerCount() === 0) continue;
      await vi.advanceTimersToNextTimerAsync();
      waitedMs += 5_000;
    }
    const [lost, gone, fine] = await hashing;
    expect([lost, fine].map((it) => (it.status === "fulfilled" ? toHex(it.value.digest) : it))).toEqual([
      md5(bytes),
      md5(bytes),
    ]);
    expect(gone).toMatchObject({ reason: { message: "Reading the file does not end" } });
    expect(waitedMs).toBeGreaterThanOrEqual(180_000);
  });

  it("hands over the bytes of what is small", async () => {
    const hash = createBlobHasher();
    const [small, large] = await Promise.all(
      [1000, 70_000].map((size) => hash(new Blob([bytesOf(size)]), signal)),
    );
    expect(small?.body).toEqual(bytesOf(1000));
    expect(large?.body).toBeInstanceOf(Blob);
  });
});

describe("createBlobHasher, when nobody wants it any more", () => {
  it("rejects at once, with the reason", async () => {
    const hash = createBlobHasher();
    const controller = new AbortController();
    const pending = hash(new Blob([bytesOf(100)]), controller.signal);
    controller.abort("enough");
    await expect(pending).rejects.toBe("enough");
    await expect(hash(new Blob([]), controller.signal)).rejects.toBe("enough");
    expect(toHex((await hash(new Blob([bytesOf(9)]), signal)).digest)).toBe(md5(bytesOf(9)));
  });
});

describe("padMd5", () => {
  it("counts the bits of what is longer than 2^32 of them", () => {
    const buffer = new Uint8Array(128).fill(0xff);
    expect(padMd5(buffer, 55, 2 ** 29 + 3)).toBe(1);
    expect([...buffer.subarray(54, 66)]).toEqual([0xff, 0x80, 24, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff]);
    expect(padMd5(buffer, 56, 56)).toBe(2);
    expect([...buffer.subarray(118, 128)]).toEqual([0, 0, 0xc0, 1, 0, 0, 0, 0, 0, 0]);
  });
});
