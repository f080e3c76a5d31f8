import { readFile } from "node:fs/promises";
import { inspectAudio } from "@audiotricks/audio-preflight/inspect";
import {
  BlobSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  Input,
  MP4,
  Mp4OutputFormat,
  OGG,
  Output,
  type OutputFormat,
  WebMOutputFormat,
} from "mediabunny";
import { describe, expect, it } from "vitest";
import { rewrapRecording } from "./rewrap-recording.ts";

/** As a browser's recorder would write what it hears: in pieces, without a length. */
async function record(fixture: string, format: OutputFormat, type: string): Promise<Blob> {
  const bytes = await readFile(new URL(`../../../e2e/fixtures/${fixture}`, import.meta.url));
  using input = new Input({ source: new BlobSource(new Blob([bytes])), formats: [OGG, MP4] });
  const track = await input.getPrimaryAudioTrack();
  if (track?.codec === null || track === null) throw new Error("No sound");
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const source = new EncodedAudioPacketSource(track.codec);
  output.addAudioTrack(source);
  await output.start();
  const decoderConfig = (await track.getDecoderConfig()) ?? undefined;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    await source.add(packet, decoderConfig && { decoderConfig });
  }
  await output.finalize();
  return new Blob([target.buffer ?? new ArrayBuffer(0)], { type });
}

/** The compressed sound itself, packet by packet. */
async function packetsOf(blob: Blob): Promise<string[]> {
  using input = new Input({ source: new BlobSource(blob), formats: [OGG, MP4] });
  const track = await input.getPrimaryAudioTrack();
  if (track === null) throw new Error("No sound");
  const packets: string[] = [];
  for await (const { data } of new EncodedPacketSink(track).packets())
    packets.push(Buffer.from(data).toString("base64"));
  return packets;
}

async function fixture(name: string): Promise<Blob> {
  return new Blob([await readFile(new URL(`../../../e2e/fixtures/${name}`, import.meta.url))]);
}

describe("rewrapRecording", () => {
  it("makes Ogg of Chromium's WebM: a type that is taken, a length, and every packet as it was", async () => {
    const recorded = await record(
      "chord.opus",
      new WebMOutputFormat({ appendOnly: true }),
      "audio/webm;codecs=opus",
    );
    expect(await inspectAudio(recorded)).toMatchObject({ format: null });
    const made = await rewrapRecording(recorded);
    expect(made).toMatchObject({ kind: "ogg", blob: { type: "audio/ogg" } });
    const facts = await inspectAudio(made?.blob as Blob);
    expect(facts).toMatchObject({ format: "opus", codec: "Opus", sampleRate: 48_000, cutShort: null });
    expect(facts?.durationSeconds).toBeCloseTo(4, 1);
    expect(made?.seconds).toBeCloseTo(4, 1);
    expect(await packetsOf(made?.blob as Blob)).toEqual(await packetsOf(await fixture("chord.opus")));
  });

  it("makes of Safari's MP4, written as a stream, one that says how long it is", async () => {
    const recorded = await record("chord.m4a", new Mp4OutputFormat({ fastStart: "fragmented" }), "audio/mp4");
    const made = await rewrapRecording(recorded);
    expect(made).toMatchObject({ kind: "m4a", blob: { type: "audio/mp4" } });
    const facts = await inspectAudio(made?.blob as Blob);
    expect(facts).toMatchObject({ format: "m4a", codec: "AAC", cutShort: null });
    expect(facts?.durationSeconds).toBeCloseTo(4, 1);
    expect(await packetsOf(made?.blob as Blob)).toEqual(await packetsOf(await fixture("chord.m4a")));
  });

  it("leaves Firefox's Ogg as it is", async () => {
    const recorded = new Blob([await (await fixture("chord.opus")).arrayBuffer()], {
      type: "audio/ogg; codecs=opus",
    });
    expect((await rewrapRecording(recorded))?.blob).toBe(recorded);
  });

  it("says that nothing was recorded where there is no packet, and throws where it is none of these", async () => {
    expect(await rewrapRecording(new Blob([], { type: "audio/webm" }))).toBeNull();
    const whole = await record("chord.opus", new WebMOutputFormat({ appendOnly: true }), "audio/webm");
    // The header alone: it was ended before anything was heard.
    expect(await rewrapRecording(new Blob([whole.slice(0, 320)], { type: "audio/webm" }))).toBeNull();
    await expect(rewrapRecording(new Blob(["no recording"], { type: "audio/webm" }))).rejects.toThrow();
  });
});
