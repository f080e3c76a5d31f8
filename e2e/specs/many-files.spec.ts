import { mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { generateWav, type LocalFile, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("stores ten files that are picked at once", async ({ uploads, folder, expectStored }) => {
  const files = await Promise.all(
    // From a few bytes to three parts.
    Array.from({ length: 10 }, (_, index) =>
      generateWav(folder, `take ${index + 1}.wav`, 1000 + index * 2.5 * MiB, index),
    ),
  );
  await uploads.signIn("alpha");
  await uploads.pick(files.map(({ path }) => path));
  for (const { name } of files) await uploads.reaches(name, "done");
  await expect(uploads.library.getByRole("listitem")).toHaveCount(10);
  expectStored(...files);
});

/** Two files of one name and size; only their bytes and their folders differ, and as a rule their times. */
async function makeNamesakes(folder: string, isSameTime: boolean): Promise<LocalFile[]> {
  return await Promise.all(
    [1, 2].map(async (number) => {
      const place = join(folder, `session ${number}`);
      await mkdir(place);
      const file = await generateWav(place, "interview.wav", 300_000, number);
      const time = new Date(2026, 0, isSameTime ? 1 : number);
      await utimes(file.path, time, time);
      return file;
    }),
  );
}

for (const how of ["one after another", "together, and of one time"] as const) {
  test(`keeps two files of one name and size apart that are picked ${how}`, async ({
    uploads,
    folder,
    expectStored,
  }) => {
    const isTogether = how !== "one after another";
    const files = await makeNamesakes(folder, isTogether);
    const paths = files.map(({ path }) => path);
    await uploads.signIn("alpha");
    if (isTogether) await uploads.pick(paths);
    else for (const path of paths) await uploads.pick(path);
    const rows = uploads.row("interview.wav");
    await expect(rows).toHaveCount(2);
    for (const row of await rows.all()) await expect(row).toHaveAttribute("data-status", "done");
    await expect(uploads.libraryFile("interview.wav")).toHaveCount(2);
    expectStored(...files);
  });
}
