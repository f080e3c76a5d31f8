import type { Room } from "./fit-in-order.ts";
import { describeRooms } from "./quota-rooms.ts";
import type { ChoiceFile, UploadChoice } from "./upload-choice.ts";

/** How many fit: `"2 of 3 files fit"`. */
export function describeFitting({ files, fitting }: Pick<UploadChoice, "files" | "fitting">): string {
  if (files.length === 1) return fitting === 1 ? "The file fits" : "The file does not fit";
  return `${fitting.toLocaleString("en")} of ${files.length.toLocaleString("en")} files fit`;
}

/** What is left where not all would fit, and what a person can do about it; `null` where all fits. */
export function describeChoice({ fitting, files, rooms }: UploadChoice): string | null {
  if (fitting === files.length) return null;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const narrow = rooms
    .map((room) => ({
      ...room,
      bytes: room.bytes !== null && room.bytes < bytes ? room.bytes : null,
      files: room.files !== null && room.files < files.length ? room.files : null,
    }))
    .filter((room) => room.bytes !== null || room.files !== null);
  const left = `Left: ${describeRooms(narrow)}.`;
  return files.some(({ size }) => isWithin(size, rooms))
    ? `${left} Put first what matters most; nothing below has been uploaded.`
    : `${left} Delete files you no longer need: what fits then is marked here.`;
}

/** The button that goes on; `null` where nothing would. */
export function describeUpload({ files, fitting }: Pick<UploadChoice, "files" | "fitting">): string | null {
  if (fitting === 0) return null;
  if (files.length === 1) return "Upload it";
  const count = fitting.toLocaleString("en");
  if (fitting === files.length) return `Upload all ${count}`;
  return fitting === 1 ? "Upload the 1 that fits" : `Upload the ${count} that fit`;
}

/** One file: whether it fits, in words. */
export function describeMark(
  { fits, size }: Pick<ChoiceFile, "fits" | "size">,
  rooms: readonly Room[],
): string {
  if (fits) return "Fits";
  return isWithin(size, rooms) ? "Would fit further up" : "Does not fit";
}

function isWithin(size: number, rooms: readonly Room[]): boolean {
  return rooms.every(
    ({ bytes, files }) => (bytes === null || size <= bytes) && (files === null || files >= 1),
  );
}
