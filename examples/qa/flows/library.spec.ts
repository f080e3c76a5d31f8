import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AUDIO_ENDINGS } from "@audiotricks/testing/audio";
import { expect, test } from "@audiotricks/testing/playwright";

test("audio of each type is stored and plays", { tag: "@smoke" }, async ({ uploads, files, truth }) => {
  const all = await Promise.all(AUDIO_ENDINGS.map((ending) => files.audio({ name: `take.${ending}` })));
  await uploads.drop(...all);
  for (const { name } of all) {
    await uploads
      .libraryFile(name)
      .getByRole("button", { name: `Play ${name}` })
      .click();
    await expect.poll(() => uploads.playedSeconds(name), name).toBeGreaterThan(0);
  }
  await truth.holds(...all);
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

test("a file in the shared workspace is there for the other member", { tag: "@smoke" }, async ({
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
