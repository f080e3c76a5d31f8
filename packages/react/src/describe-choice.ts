import type { Room } from "./fit-in-order.ts";
import { describeRooms } from "./quota-rooms.ts";
import type { ChoiceFile, UploadChoice } from "./upload-choice.ts";
import { ENGLISH, type Words } from "./words.ts";

/** How many fit: `"2 of 3 files fit"`. */
export function describeFitting(
  { files, fitting }: Pick<UploadChoice, "files" | "fitting">,
  words: Words = ENGLISH,
): string {
  if (files.length === 1) return fitting === 1 ? words.say("fileFits") : words.say("fileDoesNotFit");
  return words.count("filesFit", files.length, { fitting });
}

/** What is left where not all would fit, and what a person can do about it; `null` where all fits. */
export function describeChoice(
  { fitting, files, rooms }: UploadChoice,
  words: Words = ENGLISH,
): string | null {
  if (fitting === files.length) return null;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const narrow = rooms
    .map((room) => ({
      ...room,
      bytes: room.bytes !== null && room.bytes < bytes ? room.bytes : null,
      files: room.files !== null && room.files < files.length ? room.files : null,
    }))
    .filter((room) => room.bytes !== null || room.files !== null);
  const left = words.say("left", { rooms: describeRooms(narrow, words) });
  const canHelp = files.some(({ size }) => isWithin(size, rooms));
  return words.join(left, words.say(canHelp ? "putFirst" : "deleteToFit"));
}

/** The button that goes on; `null` where nothing would. */
export function describeUpload(
  { files, fitting }: Pick<UploadChoice, "files" | "fitting">,
  words: Words = ENGLISH,
): string | null {
  if (fitting === 0) return null;
  if (files.length === 1) return words.say("uploadIt");
  return fitting === files.length ? words.count("uploadAll", fitting) : words.count("uploadFitting", fitting);
}

/** One file: whether it fits, in words. */
export function describeMark(
  { fits, size }: Pick<ChoiceFile, "fits" | "size">,
  rooms: readonly Room[],
  words: Words = ENGLISH,
): string {
  if (fits) return words.say("fits");
  return isWithin(size, rooms) ? words.say("wouldFit") : words.say("doesNotFit");
}

function isWithin(size: number, rooms: readonly Room[]): boolean {
  return rooms.every(
    ({ bytes, files }) => (bytes === null || size <= bytes) && (files === null || files >= 1),
  );
}
