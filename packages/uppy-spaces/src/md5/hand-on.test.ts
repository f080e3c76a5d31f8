import { expect, it } from "vitest";
import { createBlobHasher } from "./blob-hasher.ts";
import { type HeardWindow, handOn } from "./hand-on.ts";
import { readAlong } from "./read-along.ts";

const MiB = 1024 * 1024;
const { signal } = new AbortController();

/** A part as the engine cuts it. */
function partOf(bytes: Uint8Array<ArrayBuffer>, id: string, offset: number, size: number) {
  return Object.assign(new Blob([bytes]).slice(offset, offset + size), { id, offset });
}

async function hearing(
  work: (hash: ReturnType<typeof createBlobHasher>, answer: MessagePort) => Promise<unknown>,
) {
  const { port1, port2 } = new MessageChannel();
  const heard: HeardWindow[] = [];
  port2.onmessage = ({ data }: MessageEvent<HeardWindow>) => void heard.push(data);
  handOn(port1);
  try {
    await work(createBlobHasher(), port2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return heard;
  } finally {
    delete readAlong.heard;
    port1.close();
    port2.close();
  }
}

it("hands on every byte of a part that is hashed, once, with its place in the file", async () => {
  const bytes = Uint8Array.from({ length: 3 * MiB + 17 }, (_, at) => (at * 7) % 251);
  const heard = await hearing((hash) =>
    Promise.all([
      hash(partOf(bytes, "a", 0, 2 * MiB), signal),
      hash(partOf(bytes, "a", 2 * MiB, MiB + 17), signal),
      hash(new Blob([bytes]), signal),
    ]),
  );
  const whole = new Uint8Array(bytes.length);
  let size = 0;
  for (const window of heard) {
    expect(window.id).toBe("a");
    whole.set(window.bytes ?? [], window.offset);
    size += window.size;
  }
  expect(size).toBe(bytes.length);
  expect(Buffer.compare(whole, bytes)).toBe(0);
});

it("sends no more than it has credit for, says what it left out, and waits for nobody", async () => {
  const bytes = new Uint8Array(20 * MiB);
  const part = () => partOf(bytes, "a", 0, bytes.length);
  const sent = (heard: readonly HeardWindow[]) =>
    heard.reduce((sum, window) => sum + (window.bytes?.length ?? 0), 0);
  const first = await hearing((hash) => hash(part(), signal));
  expect(first.reduce((sum, { size }) => sum + size, 0)).toBe(bytes.length);
  expect(sent(first)).toBe(16 * MiB);

  const second = await hearing(async (hash, answer) => {
    await hash(part(), signal);
    answer.postMessage({ credit: 2 * MiB });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await hash(part(), signal);
  });
  expect(sent(second)).toBe(18 * MiB);
});
