import { expectAccessible } from "../harness/accessible.ts";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

interface Watched {
  notices: { asked: number; shown: string[] };
}

test("shows in the tab how far uploads are, and tells of the end who asked for it", async ({
  uploads,
  page,
  context,
  stack,
  folder,
  expectStored,
}) => {
  await context.grantPermissions(["notifications"], { origin: stack.server.url });
  // The browser's own, and what was asked of it.
  await page.addInitScript(() => {
    const notices: Watched["notices"] = { asked: 0, shown: [] };
    const Real = Notification;
    Object.assign(window, {
      notices,
      Notification: class extends Real {
        constructor(title: string, options?: NotificationOptions) {
          super(title, options);
          notices.shown.push(title);
        }
        static override async requestPermission(): Promise<NotificationPermission> {
          notices.asked += 1;
          return await Real.requestPermission();
        }
      },
    });
  });
  const notices = () => page.evaluate(() => (window as unknown as Watched).notices);
  const icon = page.locator("head link[rel=icon]");

  // Some minutes, as far as can be seen; and slow enough for sockets not to take it all at once.
  const file = await generateWav(folder, "lecture.wav", 160 * MiB);
  await uploads.signIn("alpha");
  stack.storeLane.limit(MiB);
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "uploading");
  await expect(page).toHaveTitle(/^\d+ % · AudioTricks$/);
  await expect(icon).toHaveAttribute("href", /^data:image\/png;base64,/);
  const toggle = uploads.widget.getByRole("button", { name: "Notify me when done" });
  await expect(toggle).toHaveAttribute("aria-pressed", "false");
  expect(await notices()).toEqual({ asked: 0, shown: [] });
  await toggle.press("Enter");
  await expect(toggle).toHaveAttribute("aria-pressed", "true");
  expect(await notices()).toEqual({ asked: 1, shown: [] });
  await expectAccessible(page, "a notification is asked for");

  await uploads.press("Pause", file.name);
  await expect(page).toHaveTitle("AudioTricks");
  await expect(icon).toHaveAttribute("href", "/favicon.svg");
  await uploads.press("Resume", file.name);
  await expect(page).toHaveTitle(/^\d+ % · AudioTricks$/);
  await expect(toggle).toHaveAttribute("aria-pressed", "true");

  // A page without a window is never behind another.
  await page.evaluate(() => Object.defineProperty(document, "hidden", { get: () => true }));
  await toggle.focus();
  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  await expect.poll(notices).toEqual({ asked: 1, shown: ["1 file uploaded"] });
  await expect(toggle).toHaveCount(0);
  await expect(uploads.widget.getByRole("button", { name: "Choose audio files" })).toBeFocused();
  await expect(page).toHaveTitle("AudioTricks");
  await expect(icon).toHaveAttribute("href", "/favicon.svg");
  expectStored(file);
});
