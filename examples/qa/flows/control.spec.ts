import { expect, holdFromPart, test } from "@audiotricks/testing/playwright";

const MiB = 1024 * 1024;

test("a paused upload goes on with what is missing", async ({ uploads, files, faults, truth }) => {
  const file = await files.audio({ size: 40 * MiB });
  const held = await faults.inject(holdFromPart(4));
  await uploads.drop(file);
  await uploads.hasStoredParts(3);
  await uploads.press("Pause", file.name);
  await uploads.reaches(file.name, "paused");
  await held.heal();
  const { begun, stored } = uploads.partsSoFar();
  await uploads.press("Resume", file.name);
  await uploads.reaches(file.name, "done");
  for (const part of stored) expect(uploads.partsBegun.slice(begun)).not.toContain(part);
  await truth.holds(file);
});

test("a cancelled upload leaves nothing", async ({ uploads, files, faults, alpha, truth }) => {
  const file = await files.audio({ size: 40 * MiB });
  await faults.inject(holdFromPart(4));
  await uploads.drop(file);
  await truth.storedParts(3);
  await truth.usageIs(alpha, { reservedBytes: file.size });
  await uploads.press("Cancel", file.name);
  await expect(uploads.row(file.name)).toHaveCount(0);
  await truth.usageIs(alpha, { reservedBytes: 0 });
  await truth.holds();
});

test("after a reload the same file goes on where it was", async ({ uploads, files, faults, truth }) => {
  const file = await files.audio({ size: 40 * MiB });
  const held = await faults.inject(holdFromPart(4));
  await uploads.pick(file.path);
  await uploads.hasStoredParts(3);
  await uploads.page.reload();
  await expect(uploads.unfinished.getByRole("listitem", { name: file.name })).toBeVisible();
  await held.heal();
  const { begun, stored } = uploads.partsSoFar();
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  for (const part of stored) expect(uploads.partsBegun.slice(begun)).not.toContain(part);
  await truth.holds(file);
});

test("a second tab shows the upload of the first, and sends nothing", async ({
  uploads,
  openAs,
  files,
  faults,
  truth,
}) => {
  const file = await files.audio({ size: 40 * MiB });
  const held = await faults.inject(holdFromPart(4));
  await uploads.drop(file);
  await truth.storedParts(3);
  const second = await openAs("alpha", { in: "another tab" });
  await second.drop(file);
  await expect(second.row(file.name)).toHaveAttribute("data-reason", "elsewhere");
  await held.heal();
  await second.reaches(file.name, "done");
  expect(second.partsBegun).toEqual([]);
  await truth.holds(file);
});
