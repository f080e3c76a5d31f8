import { readFile } from "node:fs/promises";
import { reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";

for (const look of [
  { name: "a dark phone", viewport: { width: 360, height: 740 }, colorScheme: "dark" as const },
  { name: "a wide window", viewport: { width: 1280, height: 900 }, colorScheme: "light" as const },
]) {
  test.describe(look.name, () => {
    test.use({ viewport: look.viewport, colorScheme: look.colorScheme });

    test("says why an upload is slow, by keyboard alone, and exports it without any address", async ({
      uploads,
      stack,
      folder,
      expectStored,
    }, info) => {
      const { page } = uploads;
      const file = await reachMidUpload(uploads, stack, folder);
      const drawer = page.locator("details.at-debug");
      // Nothing of it is there while it is closed.
      await expect(drawer.locator(":scope > *")).toHaveCount(1);
      await drawer.locator(":scope > summary").focus();
      await page.keyboard.press("Enter");
      const details = page.getByRole("list", { name: "Upload details" });
      await expect(details.getByRole("heading", { name: file.name })).toBeVisible();
      await expect(details.getByRole("listitem").filter({ hasText: /^Sending: / })).toBeVisible();

      await uploads.press("Pause", file.name);
      await expect(details.getByText(/^Paused: \d/)).toBeVisible();
      await uploads.press("Resume", file.name);
      stack.storeLane.limit(null);
      await uploads.reaches(file.name, "done");
      expectStored(file);

      await details.getByText("Timeline").focus();
      await page.keyboard.press("Enter");
      const timeline = page.getByRole("list", { name: `Timeline of ${file.name}` });
      await expect(timeline.getByText(/ · Paused$/)).toBeVisible();
      await expect(timeline.getByText(/ · Stored · part \d+ · [\d.]+ MB · after /).first()).toBeVisible();
      await expect(timeline.getByText(/ · Done$/)).toBeVisible();
      await details.screenshot({ path: info.outputPath("details.png") });
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(widest).toBeLessThanOrEqual(look.viewport.width);

      const [download] = await Promise.all([
        page.waitForEvent("download"),
        details.getByRole("button", { name: `Export JSON of ${file.name}` }).press("Enter"),
      ]);
      const json = await readFile(await download.path(), "utf8");
      const record: unknown = JSON.parse(json);
      expect(record).toMatchObject({ version: 1, fileBytes: file.size, phase: "over" });
      expect(json).not.toMatch(/https?:|signature|bearer|X-Amz/i);
    });
  });
}
