import { generateWav, type LocalFile, MiB } from "./audio-files.ts";
import type { Stack } from "./stack.ts";
import type { UploadsPage } from "./uploads-page.ts";

export const PART_COUNT = 15;
/** Fast enough to get somewhere, slow enough to be caught on the way. */
export const STEADY = 24 * MiB;
/** At this rate no part is finished before the test has done what it came for. */
const TRICKLE = MiB / 4;

/** Signs in, picks a file of 15 parts, and returns when some of them are stored and the rest can hardly move. */
export async function reachMidUpload(uploads: UploadsPage, stack: Stack, folder: string): Promise<LocalFile> {
  const file = await generateWav(folder, "lecture.wav", PART_COUNT * 10 * MiB);
  await uploads.signIn("alpha");
  stack.storeLane.limit(STEADY);
  await uploads.pick(file.path);
  await uploads.hasStoredParts(2);
  stack.storeLane.limit(TRICKLE);
  await uploads.reaches(file.name, "uploading");
  return file;
}
