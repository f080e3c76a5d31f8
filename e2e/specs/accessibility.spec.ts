import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { UploadsPage } from "@audiotricks/testing/uploads-page";
import { expectAccessible, expectAccessibleInForcedColours } from "../harness/accessible.ts";
import { fixture } from "../harness/audio-files.ts";
import { reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";
import { withoutPreflight } from "../harness/without-preflight.ts";

test("every state can be used by everyone, in light and dark", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const { page } = uploads;
  await withoutPreflight(page);
  await page.goto(stack.server.url);
  await expect(page.getByRole("button", { name: "Sign in as alpha" })).toBeVisible();
  await expectAccessible(page, "signed out");

  const file = await reachMidUpload(uploads, stack, folder);
  await expectAccessible(page, "uploading");
  await canBeSeenInForcedColours(uploads, file.name);
  await uploads.press("Pause", file.name);
  await uploads.reaches(file.name, "paused");
  await expectAccessible(page, "paused");

  const [empty, fake] = [join(folder, "empty.mp3"), join(folder, "fake.mp3")];
  await writeFile(empty, "");
  await writeFile(fake, "MZ, and no audio");
  stack.storeLane.limit(null);
  await uploads.pick([empty, fake]);
  await uploads.reaches("fake.mp3", "failed");
  await expectAccessible(page, "refused and failed");
  await expectAccessibleInForcedColours(page, "paused, refused and failed");

  const small = await fixture("chord.ogg");
  await uploads.press("Resume", file.name);
  await uploads.pick(small.path);
  await uploads.reaches(small.name, "done");
  await uploads.reaches(file.name, "done");
  await uploads
    .libraryFile(small.name)
    .getByRole("button", { name: `Play ${small.name}` })
    .click();
  await expect(uploads.libraryFile(small.name).getByRole("slider")).toBeVisible();
  await expectAccessible(page, "done, with a player");

  await uploads
    .libraryFile(small.name)
    .getByRole("button", { name: `Delete ${small.name}` })
    .click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectAccessible(page, "asking before a file is deleted");
  await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
  expectStored(file, small);
});

/** How far it is, which button has the focus, and the icons: all of it in colours of the system, none like what it is on. */
async function canBeSeenInForcedColours(uploads: UploadsPage, name: string): Promise<void> {
  const { page } = uploads;
  await page.emulateMedia({ forcedColors: "active" });
  const row = uploads.row(name);
  const button = row.getByRole("button", { name: `Pause ${name}` });
  await button.focus();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Tab");
  await expect(button).toBeFocused();
  const colours = await row.evaluate((element) => {
    const of = (selector: string) => {
      const found = element.querySelector(selector);
      if (found === null) throw new Error(`no ${selector}`);
      return getComputedStyle(found);
    };
    return {
      bar: [of(".at-progress-done").backgroundColor, of(".at-progress").backgroundColor],
      focus: [of(":focus-visible").outlineColor, of(":focus-visible").backgroundColor],
      icon: [of(".at-row-badge svg").color, getComputedStyle(element).backgroundColor],
      outline: of(":focus-visible").outlineStyle,
    };
  });
  expect(colours.outline).toBe("solid");
  for (const [colour, behind] of [colours.bar, colours.focus, colours.icon]) expect(colour).not.toBe(behind);
  await expectAccessibleInForcedColours(page, "uploading");
}
