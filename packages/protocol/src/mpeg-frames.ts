const BITRATES_KBPS = {
  // MPEG 1, by layer; then MPEG 2 and 2.5.
  1: {
    1: [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  2: {
    1: [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
} as const;
const SAMPLE_RATES = [44_100, 48_000, 32_000];
/** Three headers in a row, each where the one before says, do not happen by chance in a few KiB. */
const FRAMES_IN_A_ROW = 3;

/**
 * Whether MPEG audio frames begin somewhere in these bytes. Junk before the first frame is common in real files, so a sync word alone
 * proves nothing: frames must follow each other. One rule for the page and for the storage, so that nothing is refused before it is
 * sent that would be taken.
 *
 * @param isEndOfFile Whether the file ends with these bytes, so that fewer frames will do.
 */
export function holdsMpegFrames(bytes: Uint8Array, isEndOfFile: boolean): boolean {
  for (let start = bytes.indexOf(0xff); start !== -1; start = bytes.indexOf(0xff, start + 1)) {
    if (followFrames(bytes, start, isEndOfFile)) return true;
  }
  return false;
}

function followFrames(bytes: Uint8Array, start: number, isEndOfFile: boolean): boolean {
  let offset = start;
  for (let frames = 0; frames < FRAMES_IN_A_ROW; frames += 1) {
    // Ran out of bytes after at least one whole frame: all there is, if the file ends here.
    if (offset + 4 > bytes.length) return frames > 0 && isEndOfFile && offset <= bytes.length;
    const length = frameLength(bytes, offset);
    if (length === undefined) return frames > 0 && isEndOfFile && isTrailer(bytes, offset);
    offset += length;
  }
  return true;
}

/** Length in bytes of the frame whose header is at `offset`, or `undefined` if there is no valid header. */
function frameLength(bytes: Uint8Array, offset: number): number | undefined {
  const [sync = 0, second = 0, third = 0] = bytes.subarray(offset, offset + 3);
  if (sync !== 0xff || (second & 0xe0) !== 0xe0) return undefined;
  const version = (second >> 3) & 3; // 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1
  const layer = 4 - ((second >> 1) & 3);
  if (version === 1 || (layer !== 1 && layer !== 2 && layer !== 3)) return undefined;
  const kbps = BITRATES_KBPS[version === 3 ? 1 : 2][layer][(third >> 4) - 1];
  const baseRate = SAMPLE_RATES[(third >> 2) & 3];
  if (kbps === undefined || baseRate === undefined) return undefined;
  const sampleRate = version === 3 ? baseRate : version === 2 ? baseRate / 2 : baseRate / 4;
  const padding = (third >> 1) & 1;
  if (layer === 1) return (Math.floor((12_000 * kbps) / sampleRate) + padding) * 4;
  const samplesPerFrame = layer === 3 && version !== 3 ? 72_000 : 144_000;
  return Math.floor((samplesPerFrame * kbps) / sampleRate) + padding;
}

/** ID3v1 and APE tags stand behind the last frame. */
function isTrailer(bytes: Uint8Array, offset: number): boolean {
  const text = String.fromCharCode(...bytes.subarray(offset, offset + 8));
  return text.startsWith("TAG") || text === "APETAGEX";
}
