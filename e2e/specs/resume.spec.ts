import { setTimeout as delay } from "node:timers/promises";
import { finishByPickingAgain, reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";
import { UploadsPage } from "../harness/uploads-page.ts";

const OUTAGE_MS = 20_000;

/** None was sent again after it was stored. */
function expectNoPartStoredTwice(uploads: UploadsPage): void {
  expect(uploads.partsStored).toEqual([...new Set(uploads.partsStored)]);
}

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

test("waits while the browser is offline for 20 s, then goes on by itself", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  await uploads.page.context().setOffline(true);
  await uploads.reaches(file.name, "waiting");
  await delay(OUTAGE_MS);
  await uploads.reaches(file.name, "waiting");
  stack.storeLane.limit(null);
  await uploads.page.context().setOffline(false);
  await uploads.reaches(file.name, "done");
  expectNoPartStoredTwice(uploads);
  expectStored(file);
});

test("goes on by itself after every connection broke for 20 s", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  // The browser is not told that it is offline: as when a router restarts.
  stack.storeLane.cut();
  stack.serverLane.cut();
  await uploads.reaches(file.name, "waiting");
  await delay(OUTAGE_MS);
  stack.storeLane.limit(null);
  stack.storeLane.mend();
  stack.serverLane.mend();
  await uploads.reaches(file.name, "done");
  expectNoPartStoredTwice(uploads);
  expectStored(file);
});

test("goes on by itself after the server was killed and started again", async ({
  uploads,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  await stack.server.kill();
  await delay(2000);
  await stack.server.start();
  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  expectNoPartStoredTwice(uploads);
  expectStored(file);
});
