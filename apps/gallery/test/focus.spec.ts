import { expect } from "@playwright/test";
import { openState, test } from "./gallery.ts";

declare global {
  interface Window {
    __STORYBOOK_ADDONS_CHANNEL__: { emit(event: string, change: object): void };
  }
}

test("a button that pauses never turns into one that removes, under the finger of whoever presses it", async ({
  page,
  galleryUrl,
}) => {
  await openState(page, galleryUrl, { id: "any-file--any" }, "en");
  const becomes = (status: string) =>
    page.evaluate(
      (updatedArgs) =>
        window.__STORYBOOK_ADDONS_CHANNEL__.emit("updateStoryArgs", {
          storyId: "any-file--any",
          updatedArgs,
        }),
      { status },
    );
  const row = page.getByRole("listitem", { name: "Harbour session, take 4.wav" });
  for (const [button, status, left] of [
    [/^Pause/, "done", /^Remove/],
    [/^Cancel/, "done", /^Remove/],
    [/^Pause/, "failed", /^Remove/],
    [/^Cancel/, "failed", /^Remove/],
  ] as const) {
    await becomes("uploading");
    await row.getByRole("button", { name: button }).focus();
    await becomes(status);
    await expect(row.getByRole("button", { name: left })).toBeVisible();
    await expect(row, `${button} when it is ${status}`).toBeFocused();
  }
  // One that goes on pausing and resuming keeps the finger.
  await becomes("uploading");
  await row.getByRole("button", { name: /^Pause/ }).focus();
  await becomes("paused");
  await expect(row.getByRole("button", { name: /^Resume/ })).toBeFocused();
});
