import { Account } from "@audiotricks/testing/account";
import { UploadsPage } from "@audiotricks/testing/uploads-page";
import { expect, test } from "@playwright/test";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { openTwoRegions } from "../harness/two-regions.ts";

test("loses nothing when a region goes in mid-upload: what has begun waits for it, what comes then goes to the other one", async ({
  page,
}) => {
  await using regions = await openTwoRegions();
  const { server, primary, standIn, folder } = regions;
  const [before, during, after] = await Promise.all([
    generateWav(folder, "before.wav", 6 * MiB, 1),
    generateWav(folder, "in-mid-upload.wav", 80 * MiB, 2),
    generateWav(folder, "while-it-is-gone.wav", 11 * MiB, 3),
  ]);
  const uploads = new UploadsPage(page, server.url);
  await uploads.signIn("alpha");
  await uploads.pick(before.path);
  await uploads.reaches(before.name, "done");
  primary.lane.limit(24 * MiB);
  await uploads.pick(during.path);
  await uploads.hasStoredParts(4);
  const [open] = await primary.store.openUploads();
  if (open === undefined) throw new Error("nothing is under way");

  primary.lane.cut();
  await uploads.pick(after.path);
  // Nobody knows yet that the region is gone; within half a minute the server does.
  await uploads.reaches(after.name, "done", 120_000);
  const account = await Account.signIn(server.url, "alpha");
  expect(await standIn.store.keys()).toHaveLength(1);
  await expect(uploads.row(during.name)).not.toHaveAttribute("data-status", /^(done|failed)$/);
  // A file that is there cannot be had now, and is not lost.
  const files = await account.files();
  expect(files.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
    "before.wav stored",
    "while-it-is-gone.wav stored",
  ]);
  const there = files.find(({ name }) => name === before.name);
  const download = async () => {
    const answer = await page.request.post(`${server.url}/v1/files/${there?.id}/download`, {
      headers: { authorization: `Bearer ${account.token}` },
      data: {},
    });
    return { status: answer.status(), code: (await answer.json()).error?.code };
  };
  // The server reads what is known of a bucket again after a few seconds.
  await expect.poll(download).toEqual({ status: 503, code: "storage_unavailable" });
  const had = await primary.store.parts(open);
  expect(had.size).toBeGreaterThanOrEqual(4);

  primary.lane.limit(null);
  primary.lane.mend();
  await uploads.reaches(during.name, "done", 120_000);
  const stored = await account.files();
  expect(stored.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
    "before.wav stored",
    "in-mid-upload.wav stored",
    "while-it-is-gone.wav stored",
  ]);
  for (const [file, region] of [
    [before, primary],
    [during, primary],
    [after, standIn],
  ] as const) {
    const row = stored.find(({ name }) => name === file.name);
    expect(await region.store.sha256(row?.key ?? ""), file.name).toBe(file.sha256);
  }
  expect(await account.openSessions()).toEqual([]);
  for (const { store } of [primary, standIn]) await expect.poll(() => store.openUploads()).toEqual([]);
  const quota = (await account.quotas()).find(({ scope }) => scope === "user");
  expect(quota).toMatchObject({
    usedBytes: before.size + during.size + after.size,
    usedFiles: 3,
    reservedBytes: 0,
  });
});
