import { decodePeaks } from "@audiotricks/protocol";
import { wavBytes } from "@audiotricks/testing/audio";
import { afterEach, expect, it } from "vitest";
import { traceFiles } from "./trace-files.ts";
import type { Credit, FromWaveforms, HeardWindow } from "./waveform-messages.ts";

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function open() {
  const messages: FromWaveforms[] = [];
  let wake = () => {};
  const tell = traceFiles((message) => {
    messages.push(message);
    wake();
  });
  const end = async (id: string) => {
    for (;;) {
      const found = messages.find(
        (message) => "id" in message && message.id === id && message.type !== "progress",
      );
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { tell, end, messages };
}

function listening(tell: ReturnType<typeof open>["tell"]) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  let credit = 0;
  port2.onmessage = ({ data }: MessageEvent<Credit>) => {
    credit += data.credit;
  };
  tell({ type: "listen", port: port1 });
  return { say: (window: HeardWindow) => port2.postMessage(window), credit: () => credit };
}

async function traced(file: Blob) {
  const { tell, end } = open();
  tell({ type: "begin", id: "a", file });
  const found = await end("a");
  return found.type === "done" ? decodePeaks(found.peaks) : found;
}

/** A WAV of samples that somebody gives. */
function wavOf(format: number, bits: number, channels: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + data.length);
  const view = new DataView(bytes.buffer);
  const letters = (text: string, at: number) => bytes.set(new TextEncoder().encode(text), at);
  letters("RIFF", 0);
  view.setUint32(4, 36 + data.length, true);
  letters("WAVEfmt ", 8);
  view.setUint32(16, 16, true);
  view.setUint16(20, format, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, 48_000, true);
  view.setUint32(28, (48_000 * channels * bits) / 8, true);
  view.setUint16(32, (channels * bits) / 8, true);
  view.setUint16(34, bits, true);
  letters("data", 36);
  view.setUint32(40, data.length, true);
  bytes.set(data, 44);
  return bytes;
}

it("reads a file that nobody hands on", async () => {
  const found = await traced(new Blob([wavBytes(200_000)]));
  expect(found).toMatchObject({ sampleRate: 44_100, samplesPerPeak: 32 });
});

it("comes to the same peaks from windows in any order, some of which were left out", async () => {
  const bytes = wavBytes(3_000_000, 7);
  const file = new Blob([bytes]);
  const alone = await traced(file);

  const { tell, end } = open();
  const { say, credit } = listening(tell);
  tell({ type: "begin", id: "a", file });
  const size = 300_000;
  let handedOn = 0;
  for (const index of [9, 1, 0, 4, 3, 8, 2, 7, 6, 5]) {
    const isLeftOut = index === 4 || index === 7;
    if (!isLeftOut) handedOn += size;
    const offset = index * size;
    say({ id: "a", offset, size, bytes: isLeftOut ? null : bytes.slice(offset, offset + size) });
  }
  say({ id: "nobody's", offset: 0, size: 10, bytes: new Uint8Array(10) });
  await expect.poll(credit).toBe(handedOn + 10);
  tell({ type: "finish", id: "a" });
  const found = await end("a");
  expect(found.type === "done" && decodePeaks(found.peaks)).toEqual(alone);
});

it("reads samples of every width", async () => {
  const pair = (bytes: number[]) => Uint8Array.from(bytes);
  const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const doubles = (values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
  for (const [format, bits, data] of [
    [1, 8, pair([0x00, 0xc0])],
    [1, 16, pair([0x00, 0x80, 0x00, 0x40])],
    [1, 24, pair([0x00, 0x00, 0x80, 0x00, 0x00, 0x40])],
    [1, 32, pair([0, 0, 0, 0x80, 0, 0, 0, 0x40])],
    [3, 32, floats([-1, 0.5])],
    [3, 64, doubles([-1, 0.5])],
  ] as const)
    expect(await traced(new Blob([wavOf(format, bits, 1, data)])), `${format}:${bits}`).toMatchObject({
      values: Int8Array.of(-127, 64),
    });
});

it("says of what it cannot read that it cannot", async () => {
  const garbage = new Uint8Array(5000).fill(0xa5);
  for (const bytes of [
    garbage,
    new Uint8Array(),
    wavBytes(100).subarray(0, 44),
    wavOf(1, 16, 0, garbage),
    wavOf(0x11, 4, 1, garbage),
    wavOf(1, 16, 1, new Uint8Array(1)),
  ])
    expect(await traced(new Blob([Uint8Array.from(bytes)]))).toMatchObject({ type: "none" });
});

it("goes on with the others when one is dropped or begun anew", async () => {
  const { tell, end, messages } = open();
  const { say } = listening(tell);
  const file = new Blob([wavBytes(10_000)]);
  for (const id of ["dropped", "anew", "kept"]) tell({ type: "begin", id, file });
  tell({ type: "drop", id: "dropped" });
  say({ id: "dropped", offset: 0, size: 5, bytes: new Uint8Array(5) });
  tell({ type: "begin", id: "anew", file });
  for (const id of ["dropped", "anew", "kept"]) tell({ type: "finish", id });
  expect((await end("anew")).type).toBe("done");
  expect((await end("kept")).type).toBe("done");
  const ends = messages.flatMap((message) => (message.type === "done" ? [message.id] : []));
  expect(ends.toSorted()).toEqual(["anew", "kept"]);
  expect(messages.some((message) => "id" in message && message.id === "dropped")).toBe(false);
});
