import type { UploadsPage } from "@audiotricks/testing/uploads-page";
import type { Page } from "@playwright/test";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { type DevSite, serveDevSite } from "../harness/dev-site.ts";
import { finishByPickingAgain, PART_COUNT, reachMidUpload } from "../harness/mid-upload.ts";
import { test as base, expect } from "../harness/test.ts";

const test = base.extend<{ site: DevSite }>({
  site: async ({ stack, folder }, use) => {
    await using site = await serveDevSite(stack, folder);
    await use(site);
  },
  address: async ({ site }, use) => use(site.url),
});

/** Everything the page asks the companion for from now on: method and path, ids left out. */
function recordCalls(page: Page): string[] {
  const calls: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/v1/")) {
      calls.push(`${request.method()} ${pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "…")}`);
    }
  });
  return calls;
}

function expectEachPartBegunOnce({ partsBegun }: UploadsPage, partCount: number): void {
  const all = Array.from({ length: partCount }, (_, index) => index + 1);
  expect(partsBegun.toSorted((a, b) => a - b)).toEqual(all);
}

test("uploads once under StrictMode, which mounts everything twice", async ({
  uploads,
  site,
  folder,
  expectStored,
}) => {
  // Were the demo one day without StrictMode, the rest would say nothing.
  await site.edit("upload-page.tsx", "import { useState }", "import { useEffect, useState }");
  await site.edit(
    "upload-page.tsx",
    "const [space,",
    "useEffect(() => console.log('mounted'), []);\n  const [space,",
  );
  let mounts = 0;
  uploads.page.on("console", (message) => {
    if (message.text() === "mounted") mounts += 1;
  });
  const calls = recordCalls(uploads.page);
  const file = await generateWav(folder, "talk.wav", 30 * MiB);

  await uploads.signIn("alpha");
  await expect.poll(() => mounts).toBe(2);
  // The quota by the widget and by the meter, which then listens.
  const asked = [
    "GET /v1/config",
    "GET /v1/events",
    "GET /v1/files",
    "GET /v1/quota",
    "GET /v1/quota",
    "GET /v1/uploads",
  ];
  await expect.poll(() => calls.length).toBeGreaterThanOrEqual(asked.length);
  expect(calls.sort()).toEqual(asked);

  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  await expect(uploads.libraryFile(file.name)).toHaveCount(1);
  await expect(uploads.files.getByRole("listitem")).toHaveCount(1);
  expect(calls.filter((call) => !call.startsWith("GET "))).toEqual([
    "POST /v1/files/match",
    "POST /v1/uploads",
    "POST /v1/uploads/…/complete",
  ]);
  expectEachPartBegunOnce(uploads, 6);
  expectStored(file);
});

test("goes on as if nothing were when a module of the page is replaced in mid-upload", async ({
  uploads,
  stack,
  site,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  const sentBytes = await uploads.sentBytes(file.name);
  await site.edit("upload-page.tsx", "<h1>Upload audio</h1>", "<h1>Upload your audio</h1>");
  await expect(uploads.page.getByRole("heading", { name: "Upload your audio" })).toBeVisible();
  await uploads.reaches(file.name, "uploading");
  expect(await uploads.sentBytes(file.name)).toBeGreaterThanOrEqual(sentBytes);

  stack.storeLane.limit(null);
  await uploads.reaches(file.name, "done");
  // Not even the parts under way were begun anew.
  expectEachPartBegunOnce(uploads, PART_COUNT);
  expect(uploads.sessionsAsked).toBe(1);
  expectStored(file);
});

test("loses nothing of an upload when a hot reload mounts the widget anew", async ({
  uploads,
  stack,
  site,
  folder,
  expectStored,
}) => {
  const file = await reachMidUpload(uploads, stack, folder);
  // With another hook in it, what the component held cannot be carried over.
  await site.edit("upload-page.tsx", "const [space,", "useState(0);\n  const [space,");
  await finishByPickingAgain(uploads, stack, file);
  await expect(uploads.unfinished).toHaveCount(0);
  expectStored(file);
});
