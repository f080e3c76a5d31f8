import { expect, test } from "@audiotricks/testing/playwright";

const MiB = 1024 * 1024;

test("a small file is stored", async ({ uploads, files, alpha, truth }) => {
  const file = await files.audio({ size: 30_000 });
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  await truth.usageIs(alpha, { usedBytes: file.size, usedFiles: 1, reservedBytes: 0 });
  await truth.holds(file);
});

test("a big file is stored", async ({ uploads, files, truth }) => {
  const file = await files.audio({ size: 150 * MiB });
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  await truth.holds(file);
});

test("ten files at once are stored", async ({ uploads, files, truth }) => {
  const ten = await files.many(10);
  await uploads.drop(...ten);
  for (const { name } of ten) await uploads.reaches(name, "done");
  await truth.holds(...ten);
});

test("two files of one name are both stored", async ({ uploads, files, truth }) => {
  const [first, second] = [await files.audio({ size: 1 * MiB }), await files.audio({ size: 2 * MiB })];
  await uploads.drop(first);
  await uploads.reaches(first.name, "done");
  await uploads.drop(second);
  await truth.holds(first, second);
});

test("an empty file is refused before a byte moves", async ({ uploads, files, truth }) => {
  await uploads.drop(await files.file("silence.mp3", ""));
  await expect(uploads.refusal("silence.mp3")).toHaveAttribute("data-code", "file_empty");
  expect(uploads.sessionsAsked).toBe(0);
  await truth.holds();
});

test("a file that is no audio is refused before a byte moves", async ({ uploads, files, truth }) => {
  await uploads.drop(await files.file("lyrics.txt", "la la la"));
  await expect(uploads.refusal("lyrics.txt")).toHaveAttribute("data-code", "type_not_allowed");
  expect(uploads.sessionsAsked).toBe(0);
  await truth.holds();
});

test("a program that is called .mp3 is found out, and nothing of it is kept", async ({
  uploads,
  files,
  truth,
}) => {
  const file = await files.program({ name: "song.mp3", size: 12 * MiB });
  await uploads.drop(file);
  await uploads.reaches(file.name, "failed");
  await expect(uploads.row(file.name)).toHaveAttribute("data-code", "content_mismatch");
  await truth.holds();
});
