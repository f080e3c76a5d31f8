import {
  BlobSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  Input,
  MP4,
  Mp4OutputFormat,
  OggOutputFormat,
  Output,
  WEBM,
} from "mediabunny";
import type { RecordedKind } from "./recording-rules.ts";

/** Packets between two turns of the event loop, a few milliseconds. */
const PACKETS_A_TURN = 250;

/**
 * Puts what a browser recorded into a file that is accepted, sound as it is: Opus out of WebM into Ogg, AAC out of a stream of MP4
 * into one that says how long it is. Firefox records Ogg to begin with, which stays.
 *
 * @returns `null` where there is no sound in it.
 * @throws What is wrong with the recording.
 */
export async function rewrapRecording(
  recorded: Blob,
): Promise<{ blob: Blob; kind: RecordedKind; seconds: number | null } | null> {
  const container = recorded.type.split(";")[0];
  if (recorded.size === 0) return null;
  if (container === "audio/ogg") return { blob: recorded, kind: "ogg", seconds: null };
  using input = new Input({ source: new BlobSource(recorded), formats: [WEBM, MP4] });
  const track = await input.getPrimaryAudioTrack();
  if (track === null || track.codec === null) return null;
  const kind = track.codec === "opus" ? "ogg" : "m4a";
  const target = new BufferTarget();
  const format = kind === "ogg" ? new OggOutputFormat() : new Mp4OutputFormat({ fastStart: "in-memory" });
  const output = new Output({ format, target });
  const source = new EncodedAudioPacketSource(track.codec);
  output.addAudioTrack(source);
  await output.start();
  const decoderConfig = await track.getDecoderConfig();
  let end = 0;
  let count = 0;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    // A recording may begin with what was heard before, at less than nothing.
    const timestamp = Math.max(0, packet.timestamp);
    await source.add(packet.clone({ timestamp }), decoderConfig === null ? undefined : { decoderConfig });
    end = Math.max(end, timestamp + packet.duration);
    count += 1;
    if (count % PACKETS_A_TURN === 0) await nextTurn();
  }
  if (count === 0) {
    await output.cancel();
    return null;
  }
  await output.finalize();
  if (target.buffer === null) throw new Error("Nothing was written");
  const type = kind === "ogg" ? "audio/ogg" : "audio/mp4";
  return { blob: new Blob([target.buffer], { type }), kind, seconds: end };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
