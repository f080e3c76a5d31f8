import { AxeBuilder } from "@axe-core/playwright";
import { generateWav } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("keeps the focus where it is when a file makes the list a long one, and when one makes it short again", async ({
  uploads,
  page,
  folder,
  expectStored,
}) => {
  const files = await Promise.all(
    Array.from({ length: 31 }, (_, index) =>
      generateWav(folder, `stem ${index + 1}.wav`, 20_000 + index, index),
    ),
  );
  const last = files.at(-1);
  await uploads.signIn("alpha");
  await uploads.pick(files.slice(0, 30).map(({ path }) => path));
  for (const { name } of files.slice(0, 30)) await uploads.reaches(name, "done");
  const button = uploads.row("stem 3.wav").getByRole("button", { name: "Remove stem 3.wav from the list" });
  await button.focus();

  await uploads.pick(last?.path ?? "");
  const box = uploads.widget.getByRole("group", { name: "All uploads" });
  await expect(box).toBeVisible();
  await expect(button).toBeFocused();
  await expect(uploads.row("stem 3.wav")).toHaveAttribute("aria-setsize", "31");
  await expect(uploads.libraryFile("stem 31.wav")).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).include(".at-uploader").analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  await page.keyboard.press("Enter");
  await expect(box).toHaveCount(0);
  await expect(uploads.row("stem 4.wav")).toBeFocused();
  expectStored(...files);
});
