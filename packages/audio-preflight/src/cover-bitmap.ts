import { imageSize } from "./image-size.ts";
import { readCover } from "./read-cover.ts";

/** More is not unpacked: 16 megapixels are 64 MiB. */
const MAX_PIXELS = 16_000_000;

/**
 * The cover in a file, as small as it is shown: a square out of its middle. Only pixels leave here, whatever the file had in its place.
 *
 * @param side Pixels of a side.
 * @returns `null` where there is none to show.
 */
export async function coverBitmap(file: Blob, maxBytes: number, side: number): Promise<ImageBitmap | null> {
  if (typeof createImageBitmap === "undefined") return null;
  const picture = await readCover(file, maxBytes);
  if (picture === null) return null;
  const size = imageSize(picture.data);
  if (size === null || size.width * size.height > MAX_PIXELS || size.width * size.height === 0) return null;
  const least = Math.min(size.width, size.height);
  const [x, y] = [Math.floor((size.width - least) / 2), Math.floor((size.height - least) / 2)];
  try {
    return await createImageBitmap(new Blob([Uint8Array.from(picture.data)]), x, y, least, least, {
      resizeWidth: side,
      resizeHeight: side,
      resizeQuality: "medium",
      // As it is stored, which is what the square was measured by.
      imageOrientation: "none",
    });
  } catch {
    return null;
  }
}
