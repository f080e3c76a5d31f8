import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { fixture, generateWav, MiB } from "../harness/audio-files.ts";
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
  await expect(uploads.libraryFile(name).getByRole("slider")).toBeVisible();
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

test("buttons stay under the finger while the numbers above them grow and shrink", async ({
  uploads,
  stack,
  folder,
  expectStored,
}, info) => {
  const files = [
    await generateWav(folder, "one.wav", 60 * MiB),
    await generateWav(folder, "another.wav", 60 * MiB),
  ];
  await uploads.signIn("alpha");
  stack.storeLane.limit(8 * MiB);
  await uploads.pick(files.map(({ path }) => path));
  for (const { name } of files) await uploads.reaches(name, "uploading");
  await uploads.hasStoredParts(1);
  const pause = uploads.row("another.wav").getByRole("button", { name: "Pause another.wav" });
  const places = new Set<number>();
  const details = new Set<string | null>();
  for (const rate of [8 * MiB, MiB / 8, 2 * MiB, MiB]) {
    stack.storeLane.limit(rate);
    for (let looks = 0; looks < 8; looks += 1) {
      places.add((await pause.boundingBox())?.y ?? Number.NaN);
      details.add(await uploads.row("another.wav").textContent());
      await uploads.page.waitForTimeout(250);
    }
  }
  await uploads.page.screenshot({ path: info.outputPath("phone.png"), fullPage: true });
  expect(details.size).toBeGreaterThan(4);
  expect([...places], [...details].join("\n")).toHaveLength(1);
  stack.storeLane.limit(null);
  for (const { name } of files) await uploads.reaches(name, "done");
  expectStored(...files);
});
