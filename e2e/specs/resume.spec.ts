import { UploadsPage } from "@audiotricks/testing/uploads-page";
import { finishByPickingAgain, reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";

test("goes on after a reload without sending finished parts again", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  await uploads.page.reload();
  await finishByPickingAgain(uploads, stack, file);
  expectStored(file);
});

test("goes on on another device with what the first one sent", async ({
  uploads,
  stack,
  folder,
  browser,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  await uploads.page.close();
  const [open] = await stack.store.openUploads();
  if (open === undefined) throw new Error("the store has forgotten the upload");

  await using context = await browser.newContext();
  const other = new UploadsPage(await context.newPage(), stack.server.url);
  stack.storeLane.limit(null);
  await other.signIn("alpha");
  await expect(other.unfinished.getByRole("listitem", { name: file.name })).toBeVisible();
  const finished = await stack.store.parts(open);
  expect(finished.size).toBeGreaterThanOrEqual(2);
  await other.pick(file.path);
  await other.reaches(file.name, "done");
  for (const partNumber of finished.keys()) expect(other.partsBegun).not.toContain(partNumber);
  await expect(other.unfinished).toHaveCount(0);
  expectStored(file);
});
