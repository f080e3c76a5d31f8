import { type IAudioMetadata, type IPicture, parseFromTokenizer } from "music-metadata";
import { BoundedTokenizer } from "./bounded-tokenizer.ts";
import { type Bytes, bytesOf } from "./bytes.ts";

/** What `music-metadata` knows a format by. */
const MIME_TYPES = {
  mp3: "audio/mpeg",
  wav: "audio/wav",
  m4a: "audio/mp4",
  flac: "audio/flac",
  ogg: "audio/ogg",
  opus: "audio/ogg",
} as const;

type Format = keyof typeof MIME_TYPES;

const loading = new Map<Format, Promise<void>>();

/** Loads what reads a format: code of its own, which a page that has no such files never loads. Never rejects. */
export function loadParser(format: Format): Promise<void> {
  const nothing = new BoundedTokenizer(bytesOf(new Uint8Array(256)), {
    mimeType: MIME_TYPES[format],
    maxBufferSize: 256,
  });
  const loaded = loading.get(format) ?? parseFromTokenizer(nothing).then(ignore, ignore);
  loading.set(format, loaded);
  return loaded;
}

const ignore = () => {};

/** What was found in a file. */
export interface Tags {
  format: Partial<IAudioMetadata["format"]>;
  title: string | undefined;
  artist: string | undefined;
  album: string | undefined;
  pictures: readonly IPicture[];
}

/**
 * Reads what a file says of itself. A file that is damaged, or of which too much would have to be read, gives what was found until then.
 *
 * @param maxToken Bytes that are read in one piece.
 */
export async function readTags(
  bytes: Bytes,
  format: Format,
  options: { maxToken: number; withPictures: boolean },
): Promise<Tags> {
  const tokenizer = new BoundedTokenizer(bytes, {
    mimeType: MIME_TYPES[format],
    maxBufferSize: options.maxToken,
  });
  const tags: Tags = { format: {}, title: undefined, artist: undefined, album: undefined, pictures: [] };
  try {
    await parseFromTokenizer(tokenizer, {
      skipCovers: !options.withPictures,
      observer: ({ metadata }) => {
        tags.format = metadata.format;
        tags.title = metadata.common.title;
        tags.artist = metadata.common.artist ?? metadata.common.albumartist;
        tags.album = metadata.common.album;
        tags.pictures = metadata.common.picture ?? [];
      },
    });
  } catch {
    // Whatever it stumbled over, it had told us what it knew.
  }
  return tags;
}
