import { createHash } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Account } from "@audiotricks/testing/account";
import { fixture } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("plays what was uploaded, from any place in it", async ({ uploads, expectStored }) => {
  const file = await fixture("chord.flac");
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  const row = uploads.libraryFile(file.name);
  await row.getByRole("button", { name: `Play ${file.name}` }).click();
  const player = row.locator("audio");
  await expect.poll(() => player.evaluate((audio: HTMLAudioElement) => audio.currentTime)).toBeGreaterThan(0);
  const duration = await player.evaluate((audio: HTMLAudioElement) => audio.duration);
  expect(duration).toBeCloseTo(4, 1);
  await player.evaluate((audio: HTMLAudioElement) => {
    audio.currentTime = 3;
  });
  await expect.poll(() => player.evaluate((audio: HTMLAudioElement) => audio.currentTime)).toBeGreaterThan(3);
  expect(await player.evaluate((audio: HTMLAudioElement) => audio.error)).toBeNull();
  expectStored(file);
});

test("downloads the same bytes under the name they came with", async ({ uploads, folder, expectStored }) => {
  const name = "Übung № 1; „leise“ (100 %).mp3";
  const source = await fixture("chord-with-cover.mp3");
  const path = join(folder, name);
  await copyFile(source.path, path);
  await uploads.signIn("alpha");
  await uploads.pick(path);
  const downloading = uploads.page.waitForEvent("download");
  await uploads
    .libraryFile(name)
    .getByRole("button", { name: `Download ${name}` })
    .click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(name);
  const bytes = await readFile(await download.path());
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(source.sha256);
  await expect(uploads.widget).toBeVisible();
  expectStored({ ...source, name });
});

test("deletes at the store too, after asking, and gives the space back", async ({
  uploads,
  stack,
  expectStored,
}) => {
  const [unwanted, kept] = [await fixture("chord.wav"), await fixture("chord.mp3")];
  const alpha = await Account.signIn(stack.server.url, "alpha");
  await uploads.signIn("alpha");
  await uploads.pick([unwanted.path, kept.path]);
  await expect(uploads.library.getByRole("listitem")).toHaveCount(2);
  await expect(uploads.meter("Your storage")).toHaveAttribute(
    "aria-valuenow",
    String(unwanted.size + kept.size),
  );

  const remove = uploads.libraryFile(unwanted.name).getByRole("button", { name: `Delete ${unwanted.name}` });
  await remove.click();
  const dialog = uploads.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Keep" }).click();
  await expect(uploads.library.getByRole("listitem")).toHaveCount(2);

  await remove.click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(uploads.libraryFile(unwanted.name)).toHaveCount(0);
  await expect(uploads.meter("Your storage")).toHaveAttribute("aria-valuenow", String(kept.size));
  expect((await alpha.quotas()).find(({ scope }) => scope === "user")?.usedBytes).toBe(kept.size);
  expectStored(kept);
});
