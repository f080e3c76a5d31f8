/** Of every mono 8-bit file: version, flags, sample rate, samples per peak, number of peaks; little-endian, 32 bits each. */
const HEADER_SIZE = 20;
const VERSION = 1;
const EIGHT_BITS = 1;

/** Bytes of a peaks file that anybody takes. */
export const MAX_PEAKS_FILE_SIZE = 64 * 1024;

/** How loud a file is from its beginning to its end: drawn, it is the waveform. */
export interface Peaks {
  /** Hertz. */
  sampleRate: number;
  /** How many samples one peak stands for. */
  samplesPerPeak: number;
  /** Lowest and highest sample of each peak in turn, over all channels, −128 to 127. */
  values: Int8Array;
}

/**
 * Peaks as a file: the data format of BBC's audiowaveform, version 1, 8 bits, which other players of waveforms read too.
 *
 * @see https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md
 */
export function encodePeaks({ sampleRate, samplesPerPeak, values }: Peaks): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_SIZE + values.length);
  const view = new DataView(bytes.buffer);
  const header = [VERSION, EIGHT_BITS, sampleRate, samplesPerPeak, values.length / 2];
  for (const [index, word] of header.entries()) view.setUint32(4 * index, word, true);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.length), HEADER_SIZE);
  return bytes;
}

/**
 * Peaks out of a file, whoever made it.
 *
 * @returns `null` where it is no such file, says more or less than it has, has a lowest sample above the highest, or is larger than
 *   `MAX_PEAKS_FILE_SIZE`.
 */
export function decodePeaks(bytes: Uint8Array): Peaks | null {
  if (bytes.length < HEADER_SIZE + 2 || bytes.length > MAX_PEAKS_FILE_SIZE) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (index: number) => view.getUint32(4 * index, true);
  const [sampleRate, samplesPerPeak, count] = [word(2), word(3), word(4)];
  if (word(0) !== VERSION || word(1) !== EIGHT_BITS || bytes.length !== HEADER_SIZE + 2 * count) return null;
  if (sampleRate < 1 || sampleRate > 1_000_000 || samplesPerPeak < 1 || samplesPerPeak > 2 ** 31) return null;
  const values = new Int8Array(bytes.slice(HEADER_SIZE).buffer);
  for (let at = 0; at < values.length; at += 2) if ((values[at] ?? 0) > (values[at + 1] ?? 0)) return null;
  return { sampleRate, samplesPerPeak, values };
}

/** Seconds that peaks stand for: at most one peak more than the sound. */
export function secondsOfPeaks({ sampleRate, samplesPerPeak, values }: Peaks): number {
  return ((values.length / 2) * samplesPerPeak) / sampleRate;
}
