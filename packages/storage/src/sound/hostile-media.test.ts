import { setTimeout as delay } from "node:timers/promises";
import { extensionOf } from "@audiotricks/protocol";
import { type HostileFile, hostileMedia } from "@audiotricks/testing/hostile-media";
import { expect, it } from "vitest";
import { findFlaw } from "../proof/prove-object.ts";
import { createSoundInspector, MAX_BYTES_FETCHED, MAX_RANGES_FETCHED } from "./sound-inspector.ts";

const COUNT = 1_000;
/** For what hangs, on a machine that does other things. */
const LONGEST_MS = 5_000;
const MEMORY = 192 * 1024 ** 2;

/** Counts what is read of a file. */
function read({ bytes }: HostileFile) {
  const reads = { count: 0, bytes: 0 };
  return {
    size: bytes.length,
    reads,
    read: async (offset: number, length: number) => {
      reads.count += 1;
      reads.bytes += length;
      return Uint8Array.from(bytes.subarray(offset, offset + length));
    },
  };
}

it(`bears ${COUNT} hostile files, under any name: none is looked at for long, much or in vain`, {
  timeout: 300_000,
}, async () => {
  const files = hostileMedia(COUNT);
  using stack = new DisposableStack();
  const inspector = stack.adopt(createSoundInspector(), (one) => one.close());
  const before = process.memoryUsage.rss();
  let most = before;
  const slowest = { what: "", ms: 0 };
  let sound = 0;
  for (const file of files) {
    const start = performance.now();
    const extension = extensionOf(file.name) ?? "";
    const proof = read(file);
    const flaw = await findFlaw({ extension, fileSize: proof.size, isSizeKnown: true }, proof);
    expect(["content_mismatch", undefined], file.what).toContain(flaw?.code);
    expect(proof.reads.count, file.what).toBeLessThanOrEqual(6);

    // Also what was refused: another release may take it.
    const seen = read(file);
    const facts = await inspector.inspect(seen).catch((error: unknown) => {
      throw new Error(`${file.what} as ${file.name}`, { cause: error });
    });
    expect(seen.reads.bytes, file.what).toBeLessThanOrEqual(MAX_BYTES_FETCHED);
    expect(seen.reads.count, file.what).toBeLessThanOrEqual(MAX_RANGES_FETCHED);
    if (facts?.format != null) sound++;
    for (const text of [facts?.title, facts?.artist, facts?.album, facts?.codec])
      expect(text ?? "", file.what).toMatch(/^[^\p{Cc}\p{Cs}]{0,200}$/u);
    for (const number of [facts?.durationSeconds, facts?.sampleRate, facts?.bitDepth, facts?.channels])
      expect(number ?? 1, file.what).toBeGreaterThan(0);
    // A header says hours; a few KiB do not hold them.
    if (file.bytes.length < 44_100) expect(facts?.durationSeconds ?? 0, file.what).toBeLessThan(3_600);
    const ms = performance.now() - start;
    if (ms > slowest.ms) Object.assign(slowest, { what: file.what, ms });
    most = Math.max(most, process.memoryUsage.rss());
    // So that tests beside this one have their turn.
    if (sound % 50 === 0) await delay(0);
  }
  expect(sound).toBeGreaterThan(COUNT / 20);
  expect(slowest.ms, slowest.what).toBeLessThan(LONGEST_MS);
  expect(most - before).toBeLessThan(MEMORY);
});
