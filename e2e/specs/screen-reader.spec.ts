import { readFile, writeFile } from "node:fs/promises";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { ScreenReader } from "../harness/screen-reader.ts";
import { expect, test } from "../harness/test.ts";

/** What is to be heard. `UPDATE_TRANSCRIPT=1` writes down what is, to be read before it is committed. */
const TRANSCRIPT = new URL("../transcripts/whole-upload.txt", import.meta.url);
const WIDGET = { role: "region", name: "Upload audio" };

test("a whole upload can be followed without seeing it", async ({
  uploads,
  page,
  stack,
  folder,
  expectStored,
}) => {
  const reader = new ScreenReader(page);
  await reader.listen();
  const file = await generateWav(folder, "lecture.wav", 48 * MiB);
  await uploads.signIn("alpha");
  await reader.read("before", WIDGET);

  // A quarter takes some seconds: each step is a sentence of its own.
  stack.storeLane.limit(4 * MiB);
  await uploads.drop(file);
  await expect.poll(() => reader.transcript()).toContain("hears: N % uploaded.");
  await uploads.press("Pause", file.name);
  await uploads.reaches(file.name, "paused");
  await reader.read("paused", WIDGET);
  await uploads.press("Resume", file.name);
  await uploads.reaches(file.name, "done");
  await expect.poll(() => reader.transcript()).toContain("hears: lecture.wav uploaded.");
  await reader.read("done", WIDGET);

  const heard = reader.transcript();
  if (process.env.UPDATE_TRANSCRIPT === "1") await writeFile(TRANSCRIPT, heard);
  expect(heard).toBe(await readFile(TRANSCRIPT, "utf8"));
  expectStored(file);
});
