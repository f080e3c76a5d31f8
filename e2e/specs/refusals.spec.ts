import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { executableBytes } from "@audiotricks/testing/audio";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";
import { withoutPreflight } from "../harness/without-preflight.ts";

test("refuses an empty file before a byte moves", async ({ uploads, folder }) => {
  const path = join(folder, "silence.mp3");
  await writeFile(path, "");
  await uploads.signIn("alpha");
  await uploads.pick(path);
  const refused = uploads.refused.getByRole("listitem", { name: "silence.mp3" });
  await expect(refused).toHaveAttribute("data-code", "file_empty");
  await expect(refused).toContainText("0 bytes");
  expect(uploads.sessionsAsked).toBe(0);
});

test("refuses a type that is not audio before a byte moves", async ({ uploads, folder }) => {
  const path = join(folder, "lyrics.txt");
  await writeFile(path, "la la la");
  await uploads.signIn("alpha");
  await uploads.pick(path);
  const refused = uploads.refused.getByRole("listitem", { name: "lyrics.txt" });
  await expect(refused).toHaveAttribute("data-code", "type_not_allowed");
  await expect(refused).toContainText("MP3");
  expect(uploads.sessionsAsked).toBe(0);
});

// Both ways in: one signed PUT, and parts.
for (const size of [200_000, 12 * MiB]) {
  test(`refuses a program of ${size} bytes named .mp3, and keeps nothing of it`, async ({
    uploads,
    folder,
  }) => {
    const path = join(folder, "song.mp3");
    await writeFile(path, executableBytes(size));
    await withoutPreflight(uploads.page);
    await uploads.signIn("alpha");
    await uploads.pick(path);
    await uploads.reaches("song.mp3", "failed");
    await expect(uploads.row("song.mp3")).toHaveAttribute("data-code", "content_mismatch");
    expect(uploads.partsStored.length).toBeGreaterThan(0);
    await expect(uploads.library).toContainText("Nothing here yet");
  });
}

test("tells of a file for which there is no room before a byte moves, and says the numbers", async ({
  uploads,
  folder,
  stack,
  expectStored,
}) => {
  const [fits, tooLarge] = [
    await generateWav(folder, "short.wav", 1 * MiB, 1),
    await generateWav(folder, "long.wav", 2 * MiB, 2),
  ];
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(2.5 * MiB) });
  await uploads.signIn("alpha");
  await uploads.pick(fits.path);
  await uploads.reaches("short.wav", "done");
  const putsBefore = uploads.partsBegun.length;

  const askedBefore = uploads.sessionsAsked;
  await uploads.pick(tooLarge.path);
  await expect(uploads.choice).toContainText("The file does not fit");
  await expect(uploads.choice).toContainText("Left: 1.5 MB in your storage.");
  await expect(uploads.choice.getByRole("listitem", { name: "long.wav" })).toContainText("2 MB");
  await expect(uploads.choice.getByRole("button", { name: /^Upload/ })).toHaveCount(0);
  expect(uploads.partsBegun).toHaveLength(putsBefore);
  expect(uploads.sessionsAsked).toBe(askedBefore);

  await uploads.page.close();
  await stack.server.restart();
  expectStored(fits);
});
