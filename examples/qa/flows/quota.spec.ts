import { expect, test } from "@audiotricks/testing/playwright";

const MiB = 1024 * 1024;

test.describe("with room for 2 MiB", () => {
  test.use({ quota: { maxBytes: 2 * MiB } });

  test("a larger file is not begun, and the page says what is left", async ({ uploads, files, truth }) => {
    await uploads.drop(await files.audio({ size: 3 * MiB }));
    await expect(uploads.choice).toContainText("The file does not fit");
    await expect(uploads.choice).toContainText("Left: 2 MB in your storage.");
    expect(uploads.sessionsAsked).toBe(0);
    await truth.holds();
  });

  test("of two files the one that fits is uploaded", { tag: "@smoke" }, async ({ uploads, files, truth }) => {
    const [fits, tooLarge] = [
      await files.audio({ name: "short.wav", size: MiB }),
      await files.audio({ name: "long.wav", size: 2 * MiB }),
    ];
    await uploads.drop(fits, tooLarge);
    await uploads.choice.getByRole("button", { name: "Upload the 1 that fits" }).click();
    await uploads.reaches(fits.name, "done");
    await truth.holds(fits);
  });
});

test("the meter falls when a file is deleted", async ({ uploads, files, alpha, truth }) => {
  const file = await files.audio();
  await uploads.drop(file);
  await expect(uploads.meter("Your storage")).toHaveAttribute("aria-valuenow", `${file.size}`);
  await uploads
    .libraryFile(file.name)
    .getByRole("button", { name: `Delete ${file.name}` })
    .click();
  await uploads.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(uploads.meter("Your storage")).toHaveAttribute("aria-valuenow", "0");
  await truth.usageIs(alpha, { usedBytes: 0, usedFiles: 0 });
  await truth.holds();
});
