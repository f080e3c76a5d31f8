import type { FileFeed } from "./file-feed.ts";
import type { PcmLayout } from "./pcm-layout.ts";
import type { PeakBuilder } from "./peak-builder.ts";
import { scanPcm } from "./scan-pcm.ts";

const READ_SIZE = 1024 * 1024;

/**
 * Peaks of a WAV: each window as it comes, in whatever order. What was not handed on is read at the end.
 *
 * @param onProgress Called after each window.
 */
export async function tracePcm(
  feed: FileFeed,
  layout: PcmLayout,
  builder: PeakBuilder,
  onProgress: () => void,
): Promise<void> {
  const end = layout.offset + layout.frames * layout.frameSize;
  const missing = new Missing(layout.offset, end);
  const scan = (offset: number, bytes: Uint8Array) => {
    missing.delete(offset, offset + bytes.length);
    scanPcm(layout, { offset, bytes }, builder);
    onProgress();
  };
  feed.takeAny();
  for (;;) {
    for (let window = feed.take(); window !== null; window = feed.take()) scan(window.offset, window.bytes);
    const gap = missing.first();
    if (gap === null) return;
    if (!feed.isFinished) await feed.changed();
    else {
      // Whole frames, so that none is cut in two.
      const until = Math.min(gap[1], gap[0] + READ_SIZE - (READ_SIZE % layout.frameSize));
      scan(gap[0], await feed.read(gap[0], until));
    }
  }
}

/** Ranges of a file that have not been looked at. */
class Missing {
  #ranges: (readonly [start: number, end: number])[];

  constructor(start: number, end: number) {
    this.#ranges = [[start, end]];
  }

  first(): readonly [start: number, end: number] | null {
    return this.#ranges[0] ?? null;
  }

  delete(start: number, end: number): void {
    this.#ranges = this.#ranges.flatMap((range) => {
      const [from, until] = range;
      if (end <= from || start >= until) return [range];
      const left = [
        [from, start],
        [end, until],
      ] as const;
      return left.filter(([first, last]) => first < last);
    });
  }
}
