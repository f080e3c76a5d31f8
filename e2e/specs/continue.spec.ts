import { FilesWithHandles } from "@audiotricks/testing/files-with-handles";
import type { UploadsPage } from "@audiotricks/testing/uploads-page";
import { generateWav, type LocalFile, MiB } from "../harness/audio-files.ts";
import type { Stack } from "../harness/stack.ts";
import { expect, test } from "../harness/test.ts";

/** Drops a file of which the browser has a handle, and returns when some of its parts are stored and the rest can hardly move. */
async function reachMidUploadByDrop(uploads: UploadsPage, stack: Stack, folder: string) {
  const file = await generateWav(folder, "concert.wav", 100 * MiB);
  const files = new FilesWithHandles(uploads);
  await uploads.signIn("alpha");
  await files.copy(file);
  stack.storeLane.limit(24 * MiB);
  await files.drop(file.name);
  await uploads.hasStoredParts(2);
  stack.storeLane.limit(MiB / 4);
  await uploads.reaches(file.name, "uploading");
  await expect.poll(() => keptHandles(uploads)).toBe(1);
  return { file, files };
}

const keptHandles = (uploads: UploadsPage) => rowsOf(uploads, "audiotricks-uploads", "handles");

/** How many there are in a table of the page's databases. */
async function rowsOf({ page }: UploadsPage, database: string, table: string): Promise<number> {
  return await page.evaluate(
    ([database, table]) =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open(database);
        opening.onerror = () => reject(new Error("no database"));
        opening.onsuccess = () => {
          const count = opening.result.transaction(table).objectStore(table).count();
          count.onsuccess = () => {
            opening.result.close();
            resolve(count.result);
          };
        };
      }),
    [database, table] as const,
  );
}

async function finishes(uploads: UploadsPage, stack: Stack, file: LocalFile, go: () => Promise<void>) {
  const [open, ...others] = await stack.store.openUploads();
  if (open === undefined) throw new Error("the store has forgotten the upload");
  expect(others).toEqual([]);
  const finished = await stack.store.parts(open);
  expect(finished.size).toBeGreaterThanOrEqual(2);
  const begunBefore = uploads.partsBegun.length;
  await go();
  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  for (const partNumber of finished.keys())
    expect(uploads.partsBegun.slice(begunBefore)).not.toContain(partNumber);
  await expect.poll(() => keptHandles(uploads)).toBe(0);
}

test("goes on by itself after a reload where the browser lets the page read the file", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const { file } = await reachMidUploadByDrop(uploads, stack, folder);
  await finishes(uploads, stack, file, async () => {
    await uploads.page.reload();
  });
  expectStored(file);
});

test("goes on after a reload with one click where the browser asks first", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const { file, files } = await reachMidUploadByDrop(uploads, stack, folder);
  await files.needPermission();
  await finishes(uploads, stack, file, async () => {
    await uploads.page.reload();
    await expect(uploads.unfinished.getByRole("listitem", { name: file.name })).toBeVisible();
    await uploads.widget.getByRole("button", { name: "Continue", exact: true }).click();
    await expect(uploads.unfinished).toHaveCount(0);
  });
  expectStored(file);
});

test("says that a file was changed or is gone, and sends nothing of it", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const { file, files } = await reachMidUploadByDrop(uploads, stack, folder);
  const row = uploads.unfinished.getByRole("listitem", { name: file.name });
  // Any page of that origin can get at the file, and this one does not upload.
  await uploads.page.goto(`${stack.server.url}/openapi.json`);
  await files.change(file.name);
  const begunBefore = uploads.partsBegun.length;
  await uploads.page.goto(stack.server.url);
  await expect(row).toContainText("has been changed since");
  await uploads.page.goto(`${stack.server.url}/openapi.json`);
  await files.remove(file.name);
  await uploads.page.goto(stack.server.url);
  await expect(row).toContainText("no longer where it was");
  await expect(row.getByRole("button", { name: `Continue ${file.name}` })).toHaveCount(0);
  expect(uploads.partsBegun.slice(begunBefore)).toEqual([]);

  // Picked again, it goes on as ever.
  stack.storeLane.limit(null);
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  expectStored(file);
});

test("offers after a reload what had not begun: by one click where it can be read, by name where not", async ({
  uploads,
  folder,
  expectStored,
}) => {
  const { page, widget } = uploads;
  const [dropped, picked] = await Promise.all([
    generateWav(folder, "dropped.wav", MiB),
    generateWav(folder, "picked.wav", MiB, 2),
  ]);
  const files = new FilesWithHandles(uploads);
  await uploads.signIn("alpha");
  await files.copy(dropped);
  await page.route(/\/v1\/uploads$/, (route) =>
    route.request().method() === "POST" ? route.abort() : route.fallback(),
  );
  await files.drop(dropped.name);
  await uploads.pick(picked.path);
  await expect(uploads.row(picked.name)).toContainText("Connection trouble");
  await expect.poll(() => rowsOf(uploads, "audiotricks-waiting", "files")).toBe(2);
  await files.needPermission();
  await page.reload();
  const offer = uploads.unfinished.getByRole("listitem", { name: "2 files had not begun" });
  await expect(offer).toContainText("Add 1 of them again: picked.wav");
  // Only now: before the reload they would begin after all.
  await page.unroute(/\/v1\/uploads$/);
  await widget.getByRole("button", { name: "Continue", exact: true }).click();
  await uploads.reaches(dropped.name, "done");
  expectStored(dropped);
  await uploads.pick(picked.path);
  await uploads.reaches(picked.name, "done");
  await expect(uploads.unfinished).toHaveCount(0);
  await expect.poll(() => rowsOf(uploads, "audiotricks-waiting", "files")).toBe(0);
  expectStored(picked);
});
