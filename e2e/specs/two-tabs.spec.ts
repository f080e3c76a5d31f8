import { UploadsPage } from "@audiotricks/testing/uploads-page";
import { reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";

/** Another tab of the same browser, signed in, with the same file picked. */
async function openSecond(first: UploadsPage, address: string, path: string): Promise<UploadsPage> {
  const second = new UploadsPage(await first.page.context().newPage(), address);
  await second.signIn("alpha");
  await second.pick(path);
  return second;
}

test("sends a file from one of two tabs, shows it in both, and keeps it once", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  const second = await openSecond(uploads, stack.server.url, file.path);
  await expect(second.row(file.name)).toHaveAttribute("data-reason", "elsewhere");
  await expect(second.row(file.name)).toContainText("Uploading in another tab");
  await expect.poll(() => second.sentBytes(file.name)).toBeGreaterThan(0);

  await uploads.press("Pause", file.name);
  await expect(second.row(file.name)).toContainText("Paused in another tab");
  await uploads.press("Resume", file.name);
  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  await second.reaches(file.name, "done");
  expect(second.partsBegun).toEqual([]);
  await expect(second.libraryFile(file.name)).toHaveCount(1);
  expectStored(file);
});

test("offers the second tab neither to continue nor to discard what the first is at, until that is closed", async ({
  uploads,
  stack,
  folder,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  const second = new UploadsPage(await uploads.page.context().newPage(), stack.server.url);
  await second.signIn("alpha");
  const row = second.unfinished.getByRole("listitem", { name: file.name });
  await expect(row).toContainText("Open in another tab");
  await expect(row).toHaveAttribute("data-reason", "elsewhere");
  await expect(row.getByRole("button")).toHaveCount(0);
  await expect(second.widget.getByText("Pick the same file again")).toHaveCount(0);
  await uploads.page.close();
  await row.getByRole("button", { name: `Discard ${file.name}` }).click();
  await expect(row).toHaveCount(0);
  await expect.poll(() => stack.store.openUploads()).toEqual([]);
});

test("goes on in the second tab when the first is closed, with what is stored", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  const second = await openSecond(uploads, stack.server.url, file.path);
  await expect(second.row(file.name)).toHaveAttribute("data-reason", "elsewhere");
  const [open] = await stack.store.openUploads();
  if (open === undefined) throw new Error("the store has forgotten the upload");
  const finished = await stack.store.parts(open);
  await uploads.page.close();
  stack.storeLane.limit(null);
  await second.reaches(file.name, "done");
  for (const partNumber of finished.keys()) expect(second.partsBegun).not.toContain(partNumber);
  expectStored(file);
});

test("begins anew in the second tab when the first cancels", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  const second = await openSecond(uploads, stack.server.url, file.path);
  await expect(second.row(file.name)).toHaveAttribute("data-reason", "elsewhere");
  await uploads.press("Cancel", file.name);
  stack.storeLane.limit(null);
  await second.reaches(file.name, "done");
  await expect(uploads.row(file.name)).toHaveCount(0);
  expectStored(file);
});
