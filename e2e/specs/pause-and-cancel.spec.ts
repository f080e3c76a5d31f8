import { Account } from "../harness/account.ts";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("pauses, sends nothing while paused, and resumes where it was", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await generateWav(folder, "long take.wav", 64 * MiB);
  await uploads.signIn("alpha");
  stack.storeLane.limit(16 * MiB);
  await uploads.pick(file.path);
  await uploads.hasStoredParts(2);
  await uploads.press("Pause", file.name);
  await uploads.reaches(file.name, "paused");
  const [begun, stored, sent] = [
    uploads.partsBegun.length,
    [...uploads.partsStored],
    await uploads.sentBytes(file.name),
  ];
  // Long enough for one more part at this rate, if it were sent.
  await uploads.page.waitForTimeout(2000);
  expect(uploads.partsBegun).toHaveLength(begun);

  stack.storeLane.limit(null);
  await uploads.press("Resume", file.name);
  await expect.poll(() => uploads.sentBytes(file.name).catch(() => sent)).toBeGreaterThanOrEqual(sent);
  await uploads.reaches(file.name, "done");
  for (const partNumber of stored) expect(uploads.partsBegun.slice(begun)).not.toContain(partNumber);
  expectStored(file);
});

test("cancels in mid-upload and leaves nothing at the store", async ({ uploads, stack, folder }) => {
  const file = await generateWav(folder, "wrong take.wav", 64 * MiB);
  const alpha = await Account.signIn(stack.server.url, "alpha");
  await uploads.signIn("alpha");
  stack.storeLane.limit(16 * MiB);
  await uploads.pick(file.path);
  await uploads.hasStoredParts(2);
  expect(await stack.store.openUploads()).toHaveLength(1);
  expect((await alpha.quotas()).map(({ reservedBytes }) => reservedBytes)).toContain(file.size);

  await uploads.press("Cancel", file.name);
  await expect(uploads.row(file.name)).toHaveCount(0);
  await expect.poll(() => stack.store.openUploads()).toEqual([]);
  await expect
    .poll(async () => (await alpha.quotas()).every((quota) => quota.reservedBytes === 0))
    .toBe(true);
});
