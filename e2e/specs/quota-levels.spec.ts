import { expectAccessible } from "../harness/accessible.ts";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("says once when a quota is nearly full or was lowered below what is there, and touches nothing of it", async ({
  uploads,
  folder,
  stack,
  expectStored,
}) => {
  const { page, widget } = uploads;
  const first = await generateWav(folder, "first.wav", 4_404_020, 1);
  const second = await generateWav(folder, "second.wav", 0.5 * MiB, 2);
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(5 * MiB) });
  await uploads.signIn("alpha");
  const meter = page.locator(".at-meter[data-scope=user]");
  await expect(meter).toHaveAttribute("data-status", "normal");

  await uploads.pick(first.path);
  const high = widget.getByText("Your storage is over 80 % full: 4.2 MB of 5 MB are used.");
  await expect(high).toBeVisible();
  await expect(widget.getByRole("status").filter({ hasText: "Your storage is over 80 % full." })).toHaveCount(
    1,
  );
  await expect(meter).toHaveAttribute("data-status", "high");
  await expect(meter).toContainText("Over 80 % full");
  await expectAccessible(page, "storage that fills up");
  const dismiss = widget.getByRole("button", { name: "Dismiss the note on your storage" });
  await dismiss.click();
  await expect(high).toHaveCount(0);
  await expect(widget.getByRole("button", { name: "Choose audio files" })).toBeFocused();

  await uploads.pick(second.path);
  await expect(widget.getByText("Your storage is over 90 % full: 4.7 MB of 5 MB are used.")).toBeVisible();
  await expect(uploads.meter("Your storage")).toHaveAttribute("aria-valuetext", /Over 90 % full/);
  await dismiss.click();

  // Somebody lowers it, and the page is looked at again.
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(3 * MiB) });
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect(widget.getByText("Your storage is over its limit: 4.7 MB of 3 MB are used.")).toBeVisible();
  await expect(meter).toContainText("Over the limit");
  await expectAccessible(page, "storage over its limit");
  await uploads.pick(second.path);
  await expect(uploads.choice).toContainText("Left: 0 bytes in your storage.");
  await expect(uploads.libraryFile("first.wav")).toBeVisible();

  await page.close();
  await stack.server.restart();
  expectStored(first, second);
});
