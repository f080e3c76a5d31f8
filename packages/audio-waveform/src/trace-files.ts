import { encodePeaks } from "@audiotricks/protocol";
import { FileFeed } from "./file-feed.ts";
import { findPcm } from "./pcm-layout.ts";
import { PeakBuilder } from "./peak-builder.ts";
import { NoDecoder, traceEncoded } from "./trace-encoded.ts";
import { tracePcm } from "./trace-pcm.ts";
import type { Credit, FromWaveforms, HeardWindow, ToWaveforms } from "./waveform-messages.ts";

/** How often what is there so far is told of a file, in milliseconds. */
const TELL_EVERY_MS = 250;

/**
 * Works out the peaks of files, in a worker: those of WAVs side by side, as they are hardly more than read; the others one after
 * another.
 */
export function traceFiles(post: (message: FromWaveforms) => void): (message: ToWaveforms) => void {
  const feeds = new Map<string, FileFeed>();
  let port: MessagePort | null = null;
  let decoding: Promise<unknown> = Promise.resolve();
  const giveBack = (credit: number) => port?.postMessage({ credit } satisfies Credit);

  const begin = async (id: string, file: Blob) => {
    feeds.get(id)?.close();
    const feed = new FileFeed(file, giveBack);
    feeds.set(id, feed);
    if (port === null) feed.finish();
    const isWanted = () => feeds.get(id) === feed;
    let toldAt = 0;
    const tell = (builder: PeakBuilder, part: number) => {
      if (performance.now() - toldAt < TELL_EVERY_MS || !isWanted()) return;
      toldAt = performance.now();
      const peaks = builder.peaks();
      if (peaks !== null) post({ type: "progress", id, peaks: encodePeaks(peaks), part });
    };
    try {
      const builder = await trace(feed, tell);
      const peaks = builder.peaks();
      if (!isWanted()) return;
      if (peaks === null) throw new Error("There is no sound in it");
      post({ type: "done", id, peaks: encodePeaks(peaks) });
    } catch (error) {
      if (isWanted())
        post({ type: "none", id, reason: error instanceof NoDecoder ? "no_decoder" : "unreadable" });
    }
    feed.close();
  };

  const trace = async (
    feed: FileFeed,
    tell: (builder: PeakBuilder, part: number) => void,
  ): Promise<PeakBuilder> => {
    const layout = await findPcm(feed.size, (start, end) => feed.read(start, end));
    if (layout !== null) {
      const builder = new PeakBuilder(layout.sampleRate);
      await tracePcm(feed, layout, builder, () => tell(builder, partOf(builder, layout.frames)));
      return builder;
    }
    const turn = decoding.then(() =>
      traceEncoded(feed, (builder) => tell(builder, feed.position / feed.size)),
    );
    decoding = turn.catch(() => undefined);
    return turn;
  };

  const hear = ({ data }: MessageEvent<HeardWindow>) => {
    const feed = feeds.get(data.id);
    if (feed !== undefined) feed.arrived(data);
    else if (data.bytes !== null) giveBack(data.bytes.length);
  };

  return (message) => {
    switch (message.type) {
      case "listen":
        port?.close();
        port = message.port;
        port.onmessage = hear;
        return;
      case "begin":
        void begin(message.id, message.file);
        return;
      case "finish":
        feeds.get(message.id)?.finish();
        return;
      case "drop": {
        const feed = feeds.get(message.id);
        feeds.delete(message.id);
        feed?.close();
        return;
      }
      default:
        message satisfies never;
    }
  };
}

/** Of a WAV, its length is known before its end is: drawn, what has come lies in its place. */
function partOf(builder: PeakBuilder, frames: number): number {
  const { values, samplesPerPeak } = builder.peaks() ?? { values: [], samplesPerPeak: 1 };
  return Math.min(1, ((values.length / 2) * samplesPerPeak) / frames);
}
