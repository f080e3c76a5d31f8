import { setTimeout as delay } from "node:timers/promises";
import type { UploadsPage } from "@audiotricks/testing/uploads-page";
import { reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";

const OUTAGE_MS = 20_000;

/** None was sent again after it was stored. */
function expectNoPartStoredTwice(uploads: UploadsPage): void {
  expect(uploads.partsStored).toEqual([...new Set(uploads.partsStored)]);
}

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
