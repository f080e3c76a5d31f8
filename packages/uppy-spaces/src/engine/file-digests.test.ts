import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { createFileDigests, type FileDigest } from "./file-digests.ts";

const MiB = 1024 * 1024;
const bytes = randomBytes(3 * MiB + 17);
const expected = createHash("sha256").update(bytes).digest("hex");
const slow = { verdict: "slow" as const };
const known = (digest: FileDigest) => vi.waitFor(() => expect(digest.hex()).not.toBeNull());

describe("createFileDigests", () => {
  it("hashes a file behind whoever reads it, and says nothing before the end", async () => {
    const digest = createFileDigests({ speed: slow }).of(new Blob([bytes]));
    digest.follow(MiB + 5);
    digest.follow(MiB);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(digest.hex()).toBeNull();
    digest.follow(bytes.length);
    await known(digest);
    expect(digest.hex()).toBe(expected);
  });

  it("reads nothing that was not read before", async () => {
    const blob = new Blob([bytes]);
    const slice = vi.spyOn(blob, "slice");
    createFileDigests({ speed: slow })
      .of(blob)
      .follow(MiB + 5);
    await vi.waitFor(() => expect(slice).toHaveBeenCalledTimes(2));
    expect(slice.mock.calls).toEqual([
      [0, MiB],
      [MiB, MiB + 5],
    ]);
  });

  it("takes a whole file that is in memory, and not what is only some of it", () => {
    const digest = createFileDigests({ speed: slow }).of(new Blob([bytes]));
    digest.take(new Uint8Array(5));
    expect(digest.hex()).toBeNull();
    digest.take(bytes);
    expect(digest.hex()).toBe(expected);
  });

  it("leaves a file for good once the processor is what limits uploads", async () => {
    const speed: { verdict: "fast" | "slow" } = { verdict: "slow" };
    const blob = new Blob([bytes]);
    const slice = vi.spyOn(blob, "slice");
    const digest = createFileDigests({ speed }).of(blob);
    digest.follow(MiB);
    await vi.waitFor(() => expect(slice).toHaveBeenCalledTimes(1));
    speed.verdict = "fast";
    digest.follow(2 * MiB);
    speed.verdict = "slow";
    digest.follow(bytes.length);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([digest.hex(), slice.mock.calls.length]).toEqual([null, 1]);
  });

  it("lets a large file wait until the speed of the link is known, and a small one not", async () => {
    const large = randomBytes(11 * MiB);
    const ends: (string | null)[] = [];
    for (const verdict of ["slow", "fast"] as const) {
      const speed: { verdict: "unknown" | "fast" | "slow" } = { verdict: "unknown" };
      const digests = createFileDigests({ speed });
      const [waiting, small] = [digests.of(new Blob([large])), digests.of(new Blob([bytes]))];
      waiting.follow(large.length);
      small.follow(bytes.length);
      await known(small);
      expect(waiting.hex()).toBeNull();
      speed.verdict = verdict;
      digests.speedChanged();
      if (verdict === "slow") await known(waiting);
      speed.verdict = "slow";
      digests.speedChanged();
      await new Promise((resolve) => setTimeout(resolve, 50));
      ends.push(waiting.hex());
    }
    expect(ends).toEqual([createHash("sha256").update(large).digest("hex"), null]);
  });

  it("goes on without a gap where it was closed in the middle of a window", async () => {
    const digest = createFileDigests({ speed: slow }).of(new Blob([bytes]));
    digest.follow(2 * MiB);
    digest.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    digest.follow(bytes.length);
    await known(digest);
    expect(digest.hex()).toBe(expected);
  });

  it("works on one file at a time, and a file that cannot be read holds up no other", async () => {
    const digestOf = createFileDigests({ speed: slow }).of;
    const gone = new Blob([bytes]);
    vi.spyOn(gone, "slice").mockReturnValue({
      arrayBuffer: () => Promise.reject(new Error("gone")),
    } as never);
    const [first, closed, last] = [digestOf(gone), digestOf(new Blob([bytes])), digestOf(new Blob([bytes]))];
    for (const digest of [first, closed, last]) digest.follow(bytes.length);
    closed.close();
    await known(last);
    expect([first.hex(), closed.hex(), last.hex()]).toEqual([null, null, expected]);
  });
});
