/** The sound of a WAV file and what it takes to read it. */
interface Wav {
  format: Uint8Array<ArrayBuffer>;
  /** Of one second, and of one sample in all channels. */
  bytesPerSecond: number;
  blockSize: number;
  samples: Uint8Array<ArrayBuffer>;
}

/**
 * Stands for whatever the pipeline really does: the audio without its other chunks, and the same in pieces.
 *
 * @returns `undefined` for what is not PCM in a WAV file.
 */
export function cutWav(
  bytes: Uint8Array<ArrayBuffer>,
  chunkSeconds: number,
): { processed: Uint8Array<ArrayBuffer>; chunks: Uint8Array<ArrayBuffer>[] } | undefined {
  const wav = readWav(bytes);
  if (wav === undefined) return undefined;
  const { bytesPerSecond, blockSize, samples } = wav;
  const step = Math.max(1, Math.floor((bytesPerSecond * chunkSeconds) / blockSize)) * blockSize;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let offset = 0; offset < samples.length; offset += step)
    chunks.push(writeWav(wav, samples.subarray(offset, offset + step)));
  return { processed: writeWav(wav, samples), chunks };
}

function readWav(bytes: Uint8Array<ArrayBuffer>): Wav | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const nameAt = (offset: number) => String.fromCharCode(...bytes.subarray(offset, offset + 4));
  if (bytes.length < 12 || nameAt(0) !== "RIFF" || nameAt(8) !== "WAVE") return undefined;
  let format: Uint8Array<ArrayBuffer> | undefined;
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const size = view.getUint32(offset + 4, true);
    const body = bytes.subarray(offset + 8, offset + 8 + size);
    if (nameAt(offset) === "fmt " && size >= 16) format = body;
    if (nameAt(offset) === "data" && format !== undefined && body.length > 0) {
      const fields = new DataView(format.buffer, format.byteOffset, format.length);
      const blockSize = fields.getUint16(12, true);
      const bytesPerSecond = fields.getUint32(8, true);
      return blockSize > 0 ? { format, bytesPerSecond, blockSize, samples: body } : undefined;
    }
    // Chunks begin at even places.
    offset += 8 + size + (size % 2);
  }
  return undefined;
}

function writeWav({ format }: Wav, samples: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + 8 + format.length + 8 + samples.length);
  const view = new DataView(bytes.buffer);
  const put = (offset: number, name: string, size: number) => {
    for (let index = 0; index < 4; index++) bytes[offset + index] = name.charCodeAt(index);
    view.setUint32(offset + 4, size, true);
  };
  put(0, "RIFF", bytes.length - 8);
  put(8, "WAVE", 0);
  put(12, "fmt ", format.length);
  bytes.set(format, 20);
  put(20 + format.length, "data", samples.length);
  bytes.set(samples, 28 + format.length);
  return bytes;
}
