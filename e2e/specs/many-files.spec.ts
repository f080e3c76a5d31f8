import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { generateWav, MiB } from "../harness/audio-files.ts";
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

test("keeps two files of one name apart", async ({ uploads, folder, expectStored }) => {
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  await mkdir(first);
  await mkdir(second);
  const name = "interview.wav";
  const files = [await generateWav(first, name, 300_000, 1), await generateWav(second, name, 300_000, 2)];
  await uploads.signIn("alpha");
  for (const { path } of files) await uploads.pick(path);
  await expect(uploads.row(name)).toHaveCount(2);
  for (const row of await uploads.row(name).all()) await expect(row).toHaveAttribute("data-status", "done");
  await expect(uploads.libraryFile(name)).toHaveCount(2);
  expectStored(...files);
});
