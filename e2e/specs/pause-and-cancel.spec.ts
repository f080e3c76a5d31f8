import { Account } from "@audiotricks/testing/account";
import { reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";

test("pauses, sends nothing while paused, and resumes where it was", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  await uploads.press("Pause", file.name);
  await uploads.reaches(file.name, "paused");
  const [begun, stored, sent] = [
    uploads.partsBegun.length,
    [...uploads.partsStored],
    await uploads.sentBytes(file.name),
  ];
  // The wire is free again: whatever still moved would arrive now.
  stack.storeLane.limit(null);
  await uploads.page.waitForTimeout(2000);
  expect(uploads.partsBegun).toHaveLength(begun);
  expect(uploads.partsStored).toEqual(stored);

  await uploads.press("Resume", file.name);
  await expect.poll(() => uploads.sentBytes(file.name).catch(() => sent)).toBeGreaterThanOrEqual(sent);
  await uploads.reaches(file.name, "done");
  for (const partNumber of stored) expect(uploads.partsBegun.slice(begun)).not.toContain(partNumber);
  expectStored(file);
});

test("cancels in mid-upload and leaves nothing at the store", async ({ uploads, stack, folder }) => {
  const alpha = await Account.signIn(stack.server.url, "alpha");
  const file = await reachMidUpload(uploads, stack, folder);
  expect(await stack.store.openUploads()).toHaveLength(1);
  expect((await alpha.quotas()).map(({ reservedBytes }) => reservedBytes)).toContain(file.size);

  await uploads.press("Cancel", file.name);
  await expect(uploads.row(file.name)).toHaveCount(0);
  await expect.poll(() => stack.store.openUploads()).toEqual([]);
  await expect
    .poll(async () => (await alpha.quotas()).every((quota) => quota.reservedBytes === 0))
    .toBe(true);
});
