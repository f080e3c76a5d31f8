import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "@audiotricks/testing/playwright";

test("what was stored plays", async ({ uploads, files, truth }) => {
  const file = await files.audio();
  await uploads.drop(file);
  await uploads
    .libraryFile(file.name)
    .getByRole("button", { name: `Play ${file.name}` })
    .click();
  const player = uploads.libraryFile(file.name).locator("audio");
  await expect.poll(() => player.evaluate((audio: HTMLAudioElement) => audio.currentTime)).toBeGreaterThan(0);
  expect(await player.evaluate((audio: HTMLAudioElement) => audio.error)).toBeNull();
  await truth.holds(file);
});

test("what was stored downloads as the same bytes, by the same name", async ({ uploads, files, truth }) => {
  const file = await files.audio({ name: "Übung № 1; „leise“ (100 %).wav" });
  await uploads.drop(file);
  const downloading = uploads.page.waitForEvent("download");
  await uploads
    .libraryFile(file.name)
    .getByRole("button", { name: `Download ${file.name}` })
    .click();
  const download = await downloading;
  const bytes = await readFile(await download.path());
  expect(download.suggestedFilename()).toBe(file.name);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(file.sha256);
  await truth.holds(file);
});

test("a file in the shared workspace is there for the other member", async ({
  uploads,
  openAs,
  files,
  truth,
}) => {
  const file = await files.audio();
  await uploads.chooseSpace("Shared workspace");
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  const beta = await openAs("beta");
  await expect(beta.libraryFile(file.name)).toHaveCount(0);
  await beta.chooseSpace("Shared workspace");
  await expect(beta.libraryFile(file.name)).toBeVisible();
  await truth.holds(file);
});
