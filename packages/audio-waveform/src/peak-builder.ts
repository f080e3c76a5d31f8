import type { Peaks } from "@audiotricks/protocol";

/** As many as are worth to be drawn, twice the pixels of a wide row; 4 KiB as a file. */
export const MAX_PEAKS = 2048;
/** Of a file so short that it has fewer peaks than there is room for. */
const FEWEST_SAMPLES = 16;

/**
 * Gathers samples, in whatever order they come, into no more than `MAX_PEAKS` peaks. How many samples make a peak doubles whenever there is no
 * more room, so that the length need not be known, and the same file always comes to the same peaks.
 */
export class PeakBuilder {
  readonly sampleRate: number;
  #samplesPerPeak = FEWEST_SAMPLES;
  /** Lowest and highest in turn, −1 to 1; lowest above highest where nothing has come yet. */
  readonly #values = new Float32Array(2 * MAX_PEAKS);
  #count = 0;

  constructor(sampleRate: number) {
    this.sampleRate = sampleRate;
    this.#empty(0);
  }

  /** Frames one peak stands for now: whoever looks for lowest and highest itself asks in steps of these. */
  get samplesPerPeak(): number {
    return this.#samplesPerPeak;
  }

  /** Makes room up to a frame, so that `samplesPerPeak` stays what it is until beyond it. */
  reach(frames: number): void {
    while (frames > this.#samplesPerPeak * MAX_PEAKS) this.#double();
  }

  /** The frames from `frame`, all within one peak, lie between these two. */
  cover(frame: number, lowest: number, highest: number): void {
    const index = Math.floor(frame / this.#samplesPerPeak);
    const values = this.#values;
    if (lowest < (values[2 * index] ?? 0)) values[2 * index] = lowest;
    if (highest > (values[2 * index + 1] ?? 0)) values[2 * index + 1] = highest;
    if (index >= this.#count) this.#count = index + 1;
  }

  /** One channel's samples, the first of which belongs to `frame`. */
  add(frame: number, samples: Float32Array): void {
    this.reach(frame + samples.length);
    for (let at = 0; at < samples.length; ) {
      const end = Math.min(samples.length, at + this.#samplesPerPeak - ((frame + at) % this.#samplesPerPeak));
      let lowest = Number.POSITIVE_INFINITY;
      let highest = Number.NEGATIVE_INFINITY;
      const first = at;
      for (; at < end; at += 1) {
        const sample = samples[at] ?? 0;
        if (sample < lowest) lowest = sample;
        if (sample > highest) highest = sample;
      }
      if (lowest <= highest) this.cover(frame + first, lowest, highest);
    }
  }

  /** What has come so far; silent where nothing has. `null` before anything has. */
  peaks(): Peaks | null {
    if (this.#count === 0) return null;
    const values = new Int8Array(2 * this.#count);
    for (let index = 0; index < values.length; index += 2) {
      const [lowest = 0, highest = 0] = this.#values.subarray(index, index + 2);
      if (lowest > highest) continue;
      values[index] = eightBits(lowest);
      values[index + 1] = eightBits(highest);
    }
    return { sampleRate: this.sampleRate, samplesPerPeak: this.#samplesPerPeak, values };
  }

  #double(): void {
    const values = this.#values;
    for (let index = 0; index < MAX_PEAKS; index += 2) {
      values[index] = Math.min(values[2 * index] ?? 0, values[2 * index + 2] ?? 0);
      values[index + 1] = Math.max(values[2 * index + 1] ?? 0, values[2 * index + 3] ?? 0);
    }
    this.#empty(MAX_PEAKS / 2);
    this.#count = Math.ceil(this.#count / 2);
    this.#samplesPerPeak *= 2;
  }

  #empty(from: number): void {
    for (let index = from; index < MAX_PEAKS; index += 1) {
      this.#values[2 * index] = Number.POSITIVE_INFINITY;
      this.#values[2 * index + 1] = Number.NEGATIVE_INFINITY;
    }
  }
}

function eightBits(sample: number): number {
  return Math.max(-128, Math.min(127, Math.round(sample * 127)));
}
