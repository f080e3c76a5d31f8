import type { UploadsPage } from "@audiotricks/testing/uploads-page";
import { expect } from "@playwright/test";
import { generateWav, type LocalFile, MiB } from "./audio-files.ts";
import type { Stack } from "./stack.ts";

/** Some are stored by then, ten are under way at most, and some are not begun. */
export const PART_COUNT = 16;
/** Fast enough to get somewhere, slow enough to be caught on the way. */
const STEADY = 24 * MiB;
/** At this rate no part is finished before the test has done what it came for. */
const TRICKLE = MiB / 4;

/** Signs in, picks a file of that many parts, and returns when some of them are stored and the rest can hardly move. */
export async function reachMidUpload(uploads: UploadsPage, stack: Stack, folder: string): Promise<LocalFile> {
  const file = await generateWav(folder, "lecture.wav", PART_COUNT * 5 * MiB);
  await uploads.signIn("alpha");
  stack.storeLane.limit(STEADY);
  await uploads.pick(file.path);
  await uploads.hasStoredParts(2);
  stack.storeLane.limit(TRICKLE);
  await uploads.reaches(file.name, "uploading");
  return file;
}

/** Finishes, as a person does, what the page shows as unfinished; fails if the store loses a part or gets one again. */
export async function finishByPickingAgain(
  uploads: UploadsPage,
  stack: Stack,
  file: LocalFile,
): Promise<void> {
  await expect(uploads.unfinished.getByRole("listitem", { name: file.name })).toBeVisible();
  await uploads.isReady();
  const [open, ...others] = await stack.store.openUploads();
  if (open === undefined) throw new Error("the store has forgotten the upload");
  expect(others).toEqual([]);
  const finished = await stack.store.parts(open);
  expect(finished.size).toBeGreaterThanOrEqual(2);
  expect(finished.size).toBeLessThan(PART_COUNT);
  const begunBefore = uploads.partsBegun.length;

  stack.storeLane.limit(STEADY);
  await uploads.pick(file.path);
  await uploads.hasStoredParts(uploads.partsStored.length + 1);
  // What the store had is as it was: neither replaced by another nor by the same once more.
  const now = await stack.store.parts(open);
  for (const [partNumber, identity] of finished) expect(now.get(partNumber)).toBe(identity);

  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  for (const partNumber of finished.keys()) {
    expect(uploads.partsBegun.slice(begunBefore)).not.toContain(partNumber);
  }
}
