import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("stores 300 MiB, each part once, with progress that never goes back", async ({
  uploads,
  folder,
  expectStored,
}) => {
  const file = await generateWav(folder, "concert.wav", 300 * MiB);
  await uploads.signIn("alpha");
  await uploads.watchProgress(file.name);
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");

  const progress = await uploads.seenProgress();
  expect(progress.length).toBeGreaterThan(3);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBeLessThanOrEqual(file.size);
  expect(uploads.partsStored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 38 }, (_, i) => i + 1));
  expect(uploads.partsBegun).toHaveLength(38);
  expectStored(file);
});
