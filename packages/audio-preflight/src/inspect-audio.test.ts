import { executableBytes, wavBytes } from "@audiotricks/testing/audio";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AudioFacts } from "./audio-facts.ts";
import {
  bigWavHead,
  CountingBlob,
  chunkOf,
  fixtureBlob,
  fixtureBytes,
  HollowBlob,
  id3Tag,
  movedMovie,
  wavHead,
} from "./audio-fixtures.fixture.ts";
import { joined } from "./bytes.ts";
import { id3TagLength } from "./id3-tag.ts";
import { inspectAudio as inspect } from "./inspect-audio.ts";
import { MAX_BYTES_READ } from "./max-bytes-read.ts";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** Of a file that can be read. */
async function inspectAudio(file: Blob): Promise<AudioFacts> {
  const facts = await inspect(file);
  if (facts === null) throw new Error("The file cannot be read");
  return facts;
}

const withoutTag = (mp3: Uint8Array<ArrayBuffer>) => mp3.subarray(id3TagLength(mp3));

describe("real files", () => {
  it.each([
    ["chord.mp3", { format: "mp3", codec: "MP3", sampleRate: 22_050, bitDepth: null, channels: 1 }],
    [
      "chord-with-cover.mp3",
      { format: "mp3", codec: "MP3", sampleRate: 22_050, bitDepth: null, channels: 1 },
    ],
    ["chord.wav", { format: "wav", codec: "PCM", sampleRate: 22_050, bitDepth: 16, channels: 1 }],
    ["chord.m4a", { format: "m4a", codec: "AAC", sampleRate: 22_050, bitDepth: null, channels: 1 }],
    ["chord.flac", { format: "flac", codec: "FLAC", sampleRate: 22_050, bitDepth: 16, channels: 1 }],
    ["chord.ogg", { format: "ogg", codec: "Vorbis", sampleRate: 22_050, bitDepth: null, channels: 1 }],
    ["chord.opus", { format: "opus", codec: "Opus", sampleRate: 48_000, bitDepth: null, channels: 1 }],
  ])("%s: tells what it is", async (name, expected) => {
    const file = new CountingBlob(await fixtureBlob(name));
    const facts = await inspectAudio(file);
    expect(facts).toMatchObject({ ...expected, title: "Chord", cutShort: null, claimedSeconds: null });
    // MP3 and AAC are padded to whole frames.
    expect(facts.durationSeconds).toBeGreaterThanOrEqual(4);
    expect(facts.durationSeconds).toBeLessThan(4.1);
    expect(facts.bytesRead).toBe(file.bytesRead);
    expect(file.bytesRead).toBeLessThanOrEqual(128 * 1024);
  });

  it("reads of a WAV of gigabytes as much as of a small one", async () => {
    const size = 3 * GiB;
    const head = wavHead(size, { sampleRate: 96_000, bitDepth: 32, isFloat: true });
    const file = new CountingBlob(new HollowBlob(head.length + size, [{ offset: 0, bytes: head }]));
    const facts = await inspectAudio(file);
    expect(facts).toMatchObject({ codec: "PCM float", sampleRate: 96_000, bitDepth: 32, channels: 2 });
    expect(facts.durationSeconds).toBeCloseTo(size / (96_000 * 8), 3);
    expect(file.bytesRead).toBeLessThanOrEqual(128 * 1024);
  });

  it("reads RF64, which a WAV of more than 4 GiB is", async () => {
    const size = 6 * GiB;
    const head = bigWavHead(size);
    const facts = await inspectAudio(new HollowBlob(head.length + size, [{ offset: 0, bytes: head }]));
    expect(facts).toMatchObject({
      format: "wav",
      codec: "PCM",
      bitDepth: 24,
      sampleRate: 48_000,
      cutShort: null,
    });
    expect(facts.durationSeconds).toBeCloseTo(size / (48_000 * 6), 3);
  });

  it("reads a WAV that was streamed, whose header does not know how long it is", async () => {
    const sound = new Uint8Array(48_000 * 6);
    const facts = await inspectAudio(new Blob([wavHead(0, { claimed: 0xffff_ffff }), sound]));
    expect(facts).toMatchObject({ durationSeconds: 1, cutShort: null });
  });

  it("finds the tags of a WAV behind its sound, a large picture among them", async () => {
    const tag = chunkOf("id3 ", id3Tag("Side A", new Uint8Array(3 * MiB)));
    const sound = new Uint8Array(48_000 * 6);
    const file = new CountingBlob(new Blob([wavHead(sound.length), sound, tag]));
    expect(await inspectAudio(file)).toMatchObject({ title: "Side A", durationSeconds: 1, cutShort: null });
    expect(file.bytesRead).toBeLessThan(256 * 1024);
  });

  it("finds what describes a recording of hours behind its sound", async () => {
    const file = new CountingBlob(new Blob([movedMovie(await fixtureBytes("chord.m4a"), 2 * MiB)]));
    const facts = await inspectAudio(file);
    expect(facts).toMatchObject({
      format: "m4a",
      codec: "AAC",
      sampleRate: 22_050,
      channels: 1,
      title: "Chord",
    });
    expect(facts.durationSeconds).toBeCloseTo(4.046, 2);
    expect(file.bytesRead).toBeLessThan(256 * 1024);
  });
});

describe("damaged files", () => {
  it("tells a WAV that is cut short by how much", async () => {
    const whole = wavBytes(1 * MiB);
    const facts = await inspectAudio(new Blob([whole.subarray(0, 300_000)]));
    expect(facts).toMatchObject({ format: "wav", cutShort: { expected: 1 * MiB - 44, found: 300_000 - 44 } });
    expect(facts.durationSeconds).toBeCloseTo((300_000 - 44) / (44_100 * 4), 4);
  });

  it("tells an M4A that is cut short", async () => {
    const whole = await fixtureBytes("chord.m4a");
    const facts = await inspectAudio(new Blob([whole.subarray(0, whole.length - 5000)]));
    expect(facts).toMatchObject({ format: "m4a", codec: "AAC", channels: 1 });
    expect(facts.cutShort?.expected).toBe((facts.cutShort?.found ?? 0) + 5000);
  });

  it("tells an MP3 whatever it is called", async () => {
    const file = new File([await fixtureBytes("chord.mp3")], "chord.wav", { type: "audio/wav" });
    expect(await inspectAudio(file)).toMatchObject({ format: "mp3", codec: "MP3" });
  });

  it("knows a header of garbage for none", async () => {
    const bytes = await fixtureBytes("chord.wav");
    bytes.fill(0xa5, 0, 64);
    expect(await inspectAudio(new Blob([bytes]))).toMatchObject({
      format: null,
      codec: null,
      sampleRate: null,
    });
    expect(await inspectAudio(new Blob([executableBytes(200_000)]))).toMatchObject({ format: null });
  });

  it("knows a WAV whose format is garbage, and nothing else of it", async () => {
    const bytes = await fixtureBytes("chord.wav");
    bytes.fill(0xa5, 12, 40);
    expect(await inspectAudio(new Blob([bytes]))).toMatchObject({
      format: "wav",
      sampleRate: null,
      durationSeconds: null,
    });
  });

  it("gets by a cover of 5 MiB without reading it", async () => {
    const sound = withoutTag(await fixtureBytes("chord.mp3"));
    const file = new CountingBlob(new Blob([id3Tag("Loud", new Uint8Array(5 * MiB).fill(0xff)), sound]));
    const facts = await inspectAudio(file);
    expect(facts).toMatchObject({ format: "mp3", title: "Loud", sampleRate: 22_050, channels: 1 });
    expect(facts.durationSeconds).toBeCloseTo(4.075, 2);
    expect(file.bytesRead).toBeLessThan(256 * 1024);
  });

  it("does not believe a header that claims 40 hours of a few KiB", async () => {
    const flac = await fixtureBytes("chord.flac");
    // 36 bits of samples, from the middle of the 22nd byte on.
    new DataView(flac.buffer).setUint32(22, 40 * 3600 * 22_050);
    const facts = await inspectAudio(new Blob([flac]));
    expect(facts).toMatchObject({ format: "flac", durationSeconds: null, claimedSeconds: 40 * 3600 });
  });

  it("counts more samples of FLAC than 32 bits hold", async () => {
    const flac = await fixtureBytes("chord.flac");
    const hours = 30;
    const samples = BigInt(hours * 3600 * 192_000);
    new DataView(flac.buffer).setBigUint64(18, (192_000n << 44n) | (1n << 41n) | (23n << 36n) | samples);
    const facts = await inspectAudio(new HollowBlob(8 * GiB, [{ offset: 0, bytes: flac }]));
    expect(facts).toMatchObject({
      sampleRate: 192_000,
      channels: 2,
      bitDepth: 24,
      durationSeconds: hours * 3600,
    });
  });

  it("believes a recording of 40 hours that has the bytes for it", async () => {
    const size = 40 * 3600 * 8000;
    const head = wavHead(size, { sampleRate: 8000, bitDepth: 8, channels: 1 });
    const facts = await inspectAudio(new HollowBlob(head.length + size, [{ offset: 0, bytes: head }]));
    expect(facts).toMatchObject({ durationSeconds: 40 * 3600, claimedSeconds: null, cutShort: null });
  });

  it("says nothing of a file that cannot be read", async () => {
    class Gone extends Blob {
      override get size() {
        return 1000;
      }
      override slice(): Blob {
        return this;
      }
      override arrayBuffer(): Promise<ArrayBuffer> {
        return Promise.reject(new DOMException("Gone", "NotFoundError"));
      }
    }
    expect(await inspect(new Gone())).toBeNull();
    expect(await inspectAudio(new Blob([]))).toMatchObject({ format: null, bytesRead: 0 });
  });

  it("has no line of a title that would break a line", async () => {
    const sound = withoutTag(await fixtureBytes("chord.mp3"));
    const facts = await inspectAudio(new Blob([id3Tag(`A\u0007\r\nB${"c".repeat(5000)}`), sound]));
    expect(facts.title).toMatch(/^A Bc+$/);
    expect(facts.title?.length).toBe(200);
  });
});

describe("any bytes", () => {
  const HEADS = [
    Uint8Array.of(),
    new TextEncoder().encode("RIFF\xff\xff\xff\x7fWAVE"),
    new TextEncoder().encode("RF64\xff\xff\xff\x7fWAVEds64"),
    new TextEncoder().encode("fLaC"),
    new TextEncoder().encode("OggS\0\x02"),
    new TextEncoder().encode("\0\0\0\x18ftypM4A \0\0\0\0M4A mp42\0\0\0\x10moov"),
    Uint8Array.of(0x49, 0x44, 0x33, 3, 0, 0, 0x7f, 0x7f, 0x7f, 0x7f),
    Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0x40, 0, 0, 2, 0),
    Uint8Array.of(0xff, 0xfb, 0x90, 0x64),
  ];
  const expectCalm = async (file: CountingBlob) => {
    const facts = await inspectAudio(file);
    expect(file.bytesRead).toBeLessThanOrEqual(MAX_BYTES_READ);
    expect(facts.bytesRead).toBe(file.bytesRead);
    for (const number of [facts.durationSeconds, facts.sampleRate, facts.bitDepth, facts.channels]) {
      if (number !== null) expect(Number.isFinite(number) && number > 0).toBe(true);
    }
  };

  it("never throws and never reads more than it may, whatever follows a known beginning", async () => {
    const anything = fc.tuple(fc.constantFrom(...HEADS), fc.uint8Array({ maxLength: 4096 }), fc.nat(4 * MiB));
    await fc.assert(
      fc.asyncProperty(anything, async ([head, body, zeros]) => {
        await expectCalm(new CountingBlob(new Blob([head, Uint8Array.from(body), new Uint8Array(zeros)])));
      }),
      { numRuns: 300 },
    );
  });

  it("never throws and never reads more than it may, whichever bytes of a real file are others", async () => {
    const names = ["chord.mp3", "chord.wav", "chord.m4a", "chord.flac", "chord.ogg", "chord.opus"];
    const files = await Promise.all(names.map(fixtureBytes));
    const changes = fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), changes, fc.nat(2 * MiB), async (file, places, more) => {
        const bytes = Uint8Array.from(file);
        for (const [at, value] of places) bytes[at % bytes.length] = value;
        await expectCalm(new CountingBlob(new Blob([joined([bytes, new Uint8Array(more).fill(0xff)])])));
      }),
      { numRuns: 300 },
    );
  });
});
