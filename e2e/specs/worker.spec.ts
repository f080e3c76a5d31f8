import type { Page, Worker } from "@playwright/test";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { reachMidUpload } from "../harness/mid-upload.ts";
import { expect, test } from "../harness/test.ts";

const isEngine = (worker: Worker) => worker.url().includes("engine-worker");
/** Those that look into files are another matter. */
const engines = (page: Page) => page.workers().filter(isEngine);

test("uploads in a worker, and lets the device sleep again afterwards", async ({
  uploads,
  page,
  folder,
  expectStored,
}) => {
  await page.addInitScript(() => {
    const held = { now: 0, ever: 0 };
    Object.assign(window, { held });
    Object.defineProperty(navigator, "wakeLock", {
      value: {
        request: async () => {
          held.now += 1;
          held.ever += 1;
          return {
            release: async () => {
              held.now -= 1;
            },
          };
        },
      },
    });
  });
  const held = () => page.evaluate(() => (window as unknown as { held: { now: number; ever: number } }).held);
  const file = await generateWav(folder, "off-the-page.wav", 30 * MiB);
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  expect(engines(page)).toHaveLength(1);
  await expect.poll(held).toEqual({ now: 0, ever: 1 });
  expectStored(file);
});

test("uploads on the page where the worker cannot be loaded", async ({
  uploads,
  page,
  folder,
  expectStored,
}) => {
  let blocked = 0;
  await page.route("**/engine-worker*", (route) => {
    blocked += 1;
    return route.abort();
  });
  const file = await generateWav(folder, "on-the-page.wav", 30 * MiB);
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  expect(blocked).toBe(1);
  expect(engines(page)).toEqual([]);
  expectStored(file);
});

test("goes on in another worker when the browser ends the first in mid-upload", async ({
  uploads,
  page,
  stack,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  const [open] = await stack.store.openUploads();
  if (open === undefined) throw new Error("the store has forgotten the upload");
  const finished = await stack.store.parts(open);
  const sent = await uploads.sentBytes(file.name);
  const begunBefore = uploads.partsBegun.length;
  await engines(page)[0]?.evaluate(() => globalThis.close());
  await page.waitForEvent("worker", isEngine);
  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  expect(engines(page)).toHaveLength(1);
  expect(sent).toBeGreaterThan(0);
  for (const partNumber of finished.keys())
    expect(uploads.partsBegun.slice(begunBefore)).not.toContain(partNumber);
  expectStored(file);
});

test("goes on in another worker when the first hangs in mid-upload, and lets one be that was only asleep", async ({
  uploads,
  page,
  stack,
  folder,
  expectStored,
}) => {
  await page.clock.install();
  const file = await reachMidUpload(uploads, stack, folder);
  const [first] = engines(page);
  if (first === undefined) throw new Error("the engine is not in a worker");
  // As when the lid is closed: what is due runs once.
  for (let nights = 0; nights < 15; nights += 1) {
    await page.clock.fastForward(3600_000);
    await uploads.isReady();
  }
  expect(engines(page)).toEqual([first]);

  const [open] = await stack.store.openUploads();
  if (open === undefined) throw new Error("the store has forgotten the upload");
  const finished = await stack.store.parts(open);
  const begunBefore = uploads.partsBegun.length;
  let isReplaced = false;
  page.on("worker", (worker) => {
    isReplaced ||= isEngine(worker);
  });
  await first.evaluate(() => {
    setTimeout(() => {
      for (;;);
    });
  });
  // It may answer a few looks more before it hangs. In small steps: the next worker has ten seconds to start, also on a busy machine.
  for (let steps = 0; steps < 200 && !isReplaced; steps += 1) await page.clock.fastForward(1_000);
  expect(isReplaced).toBe(true);
  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  await expect.poll(() => engines(page)).toHaveLength(1);
  for (const partNumber of finished.keys())
    expect(uploads.partsBegun.slice(begunBefore)).not.toContain(partNumber);
  expectStored(file);
});
