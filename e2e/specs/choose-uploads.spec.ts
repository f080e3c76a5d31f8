import { UploadsPage } from "@audiotricks/testing/uploads-page";
import { expectAccessible } from "../harness/accessible.ts";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("where not all files fit, asks before a byte moves, uploads what fits in the order chosen, and keeps the rest in sight", async ({
  uploads,
  folder,
  stack,
  expectStored,
}) => {
  const { page, choice } = uploads;
  const large = await generateWav(folder, "album.wav", 2 * MiB, 1);
  const [one, two] = [
    await generateWav(folder, "one.wav", 1 * MiB, 2),
    await generateWav(folder, "two.wav", 1 * MiB, 3),
  ];
  const extra = await generateWav(folder, "extra.wav", 5 * MiB, 4);
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(2.5 * MiB) });
  await uploads.signIn("alpha");
  await uploads.pick([large.path, one.path, extra.path, two.path]);

  await expect(choice).toContainText("1 of 4 files fit");
  await expect(choice).toContainText("Left: 2.5 MB in your storage.");
  await expect(choice).toBeFocused();
  expect(await uploads.choices()).toEqual([
    "album.wav fits",
    "one.wav over",
    "extra.wav over",
    "two.wav over",
  ]);
  expect(uploads.sessionsAsked).toBe(0);
  await expect(uploads.files).toHaveCount(0);
  await expectAccessible(page, "choosing what to upload");

  // By keyboard alone: the button keeps the focus wherever its row goes.
  await choice.getByRole("button", { name: "Move album.wav down" }).focus();
  for (const place of [1, 2, 3]) {
    await page.keyboard.press("Enter");
    await expect(choice.getByRole("listitem").nth(place)).toHaveAccessibleName("album.wav");
    await expect(choice.getByRole("button", { name: "Move album.wav down" })).toBeFocused();
  }
  await expect(uploads.widget.getByRole("status").filter({ hasText: "album.wav" })).toHaveText(
    "album.wav does not fit, 4 of 4.",
  );
  expect(await uploads.choices()).toEqual([
    "one.wav fits",
    "extra.wav over",
    "two.wav fits",
    "album.wav over",
  ]);
  await choice
    .getByRole("listitem", { name: "two.wav" })
    .dragTo(choice.getByRole("listitem", { name: "one.wav" }));
  expect(await uploads.choices()).toEqual([
    "two.wav fits",
    "one.wav fits",
    "extra.wav over",
    "album.wav over",
  ]);
  await choice.getByRole("button", { name: "Leave extra.wav out" }).click();
  await expect(choice).toContainText("2 of 3 files fit");
  expect(uploads.sessionsAsked).toBe(0);

  await choice.getByRole("button", { name: "Upload the 2 that fit" }).click();
  await uploads.reaches("one.wav", "done");
  await uploads.reaches("two.wav", "done");
  await expect(choice).toContainText("The file does not fit");
  await expect(choice).toContainText("Left: 512 KB in your storage.");
  expect(await uploads.choices()).toEqual(["album.wav over"]);
  await expect(uploads.row("album.wav")).toHaveCount(0);

  // Room is made, and the numbers follow.
  for (const name of ["one.wav", "two.wav"]) {
    await uploads
      .libraryFile(name)
      .getByRole("button", { name: `Delete ${name}` })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(uploads.libraryFile(name)).toHaveCount(0);
  }
  await expect(choice).toContainText("The file fits");
  await choice.getByRole("button", { name: "Upload it" }).click();
  await uploads.reaches("album.wav", "done");
  await expect(choice).toHaveCount(0);
  await expect(uploads.widget.getByRole("button", { name: "Choose audio files" })).toBeFocused();

  await page.close();
  await stack.server.restart();
  expectStored(large);
});

test("goes on without a question where all fit, and with what an unfinished upload has reserved", async ({
  uploads,
  folder,
  stack,
  expectStored,
}) => {
  const file = await generateWav(folder, "begun.wav", 12 * MiB);
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(15 * MiB) });
  await uploads.signIn("alpha");
  stack.storeLane.limit(1 * MiB);
  await uploads.pick(file.path);
  await uploads.reaches("begun.wav", "uploading");
  await uploads.page.reload();
  await uploads.isReady();
  await expect(uploads.unfinished.getByRole("listitem", { name: "begun.wav" })).toBeVisible();
  stack.storeLane.limit(null);

  // Twelve of fifteen are reserved, by this very file.
  await uploads.pick(file.path);
  await uploads.reaches("begun.wav", "done");
  await expect(uploads.choice).toHaveCount(0);
  await uploads.page.close();
  await stack.server.restart();
  expectStored(file);
});

test("leaves the last word to the server where room went meanwhile, and adds nothing that is cancelled", async ({
  uploads,
  browser,
  folder,
  stack,
  expectStored,
}) => {
  const [small, large] = [
    await generateWav(folder, "small.wav", 1 * MiB, 1),
    await generateWav(folder, "large.wav", 2 * MiB, 2),
  ];
  const between = await generateWav(folder, "between.wav", 1 * MiB, 3);
  // Nobody tells the page: what it knows is as old as its last reading.
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(1.5 * MiB), MAX_EVENT_STREAMS: "0" });
  await uploads.signIn("alpha");
  await uploads.pick([small.path, large.path]);
  await expect(uploads.choice).toContainText("1 of 2 files fit");

  await using context = await browser.newContext();
  const elsewhere = new UploadsPage(await context.newPage(), stack.server.url);
  await elsewhere.signIn("alpha");
  await elsewhere.pick(between.path);
  await elsewhere.reaches("between.wav", "done");
  await elsewhere.page.close();

  await uploads.choice.getByRole("button", { name: "Upload the 1 that fits" }).click();
  await uploads.reaches("small.wav", "failed");
  await expect(uploads.row("small.wav")).toHaveAttribute("data-code", "quota_exceeded");
  await expect(uploads.row("small.wav")).toContainText("512 KB of 1.5 MB are free");
  expect(uploads.partsBegun).toEqual([]);

  await uploads.choice.getByRole("button", { name: "Cancel" }).click();
  await expect(uploads.choice).toHaveCount(0);
  await expect(uploads.row("large.wav")).toHaveCount(0);
  await uploads.page.close();
  await stack.server.restart();
  expectStored(between);
});

test.describe("on the narrowest phone", () => {
  test.use({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });

  test("the question fits, and its buttons can be hit with a finger", async ({ uploads, folder, stack }) => {
    const { page, choice } = uploads;
    const name = `${"a very long name of a very long recording ".repeat(3)}.wav`;
    const files = [
      await generateWav(folder, name, 2 * MiB, 1),
      await generateWav(folder, "b.wav", 1 * MiB, 2),
    ];
    await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(2.5 * MiB) });
    await uploads.signIn("alpha");
    await uploads.pick(files.map(({ path }) => path));
    await expect(choice).toContainText("1 of 2 files fit");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    for (const button of await choice.getByRole("button").all()) {
      const box = await button.boundingBox();
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(320);
    }
    await choice.getByRole("button", { name: "Move b.wav up" }).tap();
    expect(await uploads.choices()).toEqual(["b.wav fits", `${name} over`]);
    await page.close();
    await stack.server.restart();
  });
});

test("marks anew what fits, as soon as room goes elsewhere", async ({
  uploads,
  browser,
  folder,
  stack,
  expectStored,
}) => {
  const small = await generateWav(folder, "small.wav", 1 * MiB, 1);
  const large = await generateWav(folder, "large.wav", 2 * MiB, 2);
  const between = await generateWav(folder, "between.wav", 1 * MiB, 3);
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String(1.5 * MiB) });
  await uploads.signIn("alpha");
  await uploads.pick([small.path, large.path]);
  await expect(uploads.choice).toContainText("1 of 2 files fit");

  await using context = await browser.newContext();
  const elsewhere = new UploadsPage(await context.newPage(), stack.server.url);
  await elsewhere.signIn("alpha");
  await elsewhere.pick(between.path);
  await elsewhere.reaches("between.wav", "done");

  await expect(uploads.choice).toContainText("Left: 512 KB");
  await expect(uploads.choice.getByRole("button", { name: /^Upload/ })).toHaveCount(0);
  await elsewhere.page.close();
  await stack.server.restart();
  expectStored(between);
});
