import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { fixture } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

const WIDTH = 360;

test.use({ viewport: { width: WIDTH, height: 740 }, hasTouch: true, isMobile: true });

async function expectToFit(page: Page): Promise<void> {
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(widest).toBeLessThanOrEqual(WIDTH);
}

test("everything fits on a phone and can be hit with a finger", async ({ uploads, folder, expectStored }) => {
  const { page } = uploads;
  const name = `${"a very long name of a very long recording ".repeat(3)}.mp3`;
  const source = await fixture("chord.mp3");
  await copyFile(source.path, join(folder, name));
  await uploads.signIn("alpha");
  await expectToFit(page);

  await uploads.pick(join(folder, name));
  await uploads.reaches(name, "done");
  await expect(uploads.libraryFile(name)).toBeVisible();
  await uploads
    .libraryFile(name)
    .getByRole("button", { name: `Play ${name}` })
    .tap();
  await expect(uploads.libraryFile(name).locator("audio")).toBeVisible();
  await expectToFit(page);
  for (const button of await page.getByRole("button").all()) {
    const box = await button.boundingBox();
    if (box === null) continue;
    const label = (await button.getAttribute("aria-label")) ?? (await button.textContent());
    // WCAG 2.2, target size.
    expect(Math.min(box.width, box.height), `size of “${label}”`).toBeGreaterThanOrEqual(24);
    expect(box.x + box.width, `right edge of “${label}”`).toBeLessThanOrEqual(WIDTH);
  }
  expectStored({ ...source, name });
});
