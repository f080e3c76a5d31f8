import { wavBytes } from "@audiotricks/testing/audio";

/** A file that can be made again, byte for byte, whenever it is compared. */
export interface GeneratedFile {
  name: string;
  type: string;
  contentType: "audio_file" | "document";
  /** Bytes. */
  size: number;
  bytes: () => Uint8Array<ArrayBuffer>;
}

const KiB = 1024;
const MiB = 1024 * KiB;
/** Of a hundred files: those up to the n-th, and how large they are at least and at most. */
const MIX = [
  { upTo: 5, from: 1, to: 1 },
  { upTo: 55, from: 100, to: 4 * KiB },
  { upTo: 85, from: 16 * KiB, to: 128 * KiB },
  { upTo: 98, from: 200 * KiB, to: MiB },
  // As one PUT at the limit, and in parts.
  { upTo: 99, from: 8 * MiB, to: 10 * MiB },
  { upTo: 100, from: 10 * MiB + 1, to: 26 * MiB },
] as const;

/** The n-th file of a drill; the same one each time. */
export function generatedFile(index: number): GeneratedFile {
  const place = (index * 37) % 100;
  const kind = MIX.find(({ upTo }) => place < upTo) ?? MIX[0];
  const size = kind.from + ((index * 7_919) % (kind.to - kind.from + 1));
  if (size < 64)
    return {
      name: `note ${index}.txt`,
      type: "text/plain",
      contentType: "document",
      size,
      bytes: () => new Uint8Array(Buffer.alloc(size, 97 + (index % 26))),
    };
  return {
    name: `take ${index}.wav`,
    type: "audio/wav",
    contentType: "audio_file",
    size,
    bytes: () => wavBytes(size, index + 1),
  };
}
