import { type IPicture, selectCover } from "music-metadata";
import { openBoundedReader } from "./bounded-reader.ts";
import { bytesOf } from "./bytes.ts";
import { endOfTags, withShortTag } from "./id3-tag.ts";
import { outlineMp4 } from "./mp4-outline.ts";
import { readTags } from "./read-tags.ts";
import { readWav } from "./riff.ts";
import { SNIFF_LENGTH, sniffFormat } from "./sniff-format.ts";

/**
 * The cover in a file, as it is stored there.
 *
 * @param maxBytes Most bytes that are read.
 * @returns `null` where there is none, or none that is read with so few bytes. Never rejects.
 */
export async function readCover(file: Blob, maxBytes: number): Promise<IPicture | null> {
  const bytes = openBoundedReader(file, maxBytes);
  const options = { maxToken: maxBytes, withPictures: true };
  try {
    const format = sniffFormat(await bytes.read(await endOfTags(bytes, SNIFF_LENGTH), SNIFF_LENGTH));
    switch (format) {
      case null:
        return null;
      case "wav":
        return selectCover([
          ...(await readTags(bytesOf((await readWav(bytes, maxBytes)).tags), format, options)).pictures,
        ]);
      case "m4a": {
        const { file: outline } = await outlineMp4(bytes, maxBytes);
        return outline === null
          ? null
          : selectCover([...(await readTags(bytesOf(outline), format, options)).pictures]);
      }
      default:
        // Of a tag that is cut off, so is its picture.
        if ((await withShortTag(bytes, maxBytes)) !== bytes) return null;
        return selectCover([...(await readTags(bytes, format, options)).pictures]);
    }
  } catch {
    return null;
  }
}
