import type { FileFeed } from "./file-feed.ts";
import { PeakBuilder } from "./peak-builder.ts";

/** What mediabunny keeps of what it read: it goes back a little, hardly ever more. */
const CACHE_SIZE = 2 * 1024 * 1024;

/** The browser has no decoder for it. */
export class NoDecoder extends Error {
  override name = "NoDecoder";
}

/**
 * Peaks of MP3, M4A, FLAC, Ogg Vorbis or Opus: packets in their order, a few at a time, through the browser's own decoder.
 *
 * @throws {NoDecoder}
 * @throws What is wrong with the file.
 */
export async function traceEncoded(
  feed: FileFeed,
  onProgress: (builder: PeakBuilder) => void,
): Promise<PeakBuilder> {
  const { AudioSampleSink, CustomSource, FLAC, Input, MP3, MP4, OGG, WAVE } = await import("./demuxers.ts");
  const source = new CustomSource({
    getSize: () => feed.size,
    read: (start, end) => feed.read(start, end),
    maxCacheSize: CACHE_SIZE,
    prefetchProfile: "none",
  });
  using input = new Input({ source, formats: [MP3, MP4, FLAC, OGG, WAVE] });
  const track = await input.getPrimaryAudioTrack();
  if (track === null) throw new Error("There is no sound in it");
  if (!(await track.canDecode()))
    throw new NoDecoder(`${track.codec ?? "An unknown codec"} cannot be decoded`);
  const builder = new PeakBuilder(track.sampleRate);
  let plane = new Float32Array(8192);
  let frame = 0;
  for await (const sample of new AudioSampleSink(track).samples()) {
    try {
      const { numberOfFrames, numberOfChannels } = sample;
      if (plane.length < numberOfFrames) plane = new Float32Array(numberOfFrames);
      const channel = plane.subarray(0, numberOfFrames);
      for (let planeIndex = 0; planeIndex < numberOfChannels; planeIndex += 1) {
        sample.copyTo(channel, { planeIndex, format: "f32-planar" });
        builder.add(frame, channel);
      }
      frame += numberOfFrames;
    } finally {
      sample.close();
    }
    onProgress(builder);
  }
  return builder;
}
