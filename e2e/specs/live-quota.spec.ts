import { UploadsPage } from "@audiotricks/testing/uploads-page";
import type { Page } from "@playwright/test";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

const SHARED = "Shared workspace";

function countReads(page: Page): () => number {
  let reads = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/v1/quota") reads += 1;
  });
  return () => reads;
}

test("shows what another member of the workspace uploads and deletes, without a reload and without reading", async ({
  uploads,
  browser,
  stack,
  folder,
  expectStored,
}) => {
  const kept = await generateWav(folder, "kept.wav", 2 * MiB, 1);
  const gone = await generateWav(folder, "gone.wav", 3 * MiB, 2);
  await using context = await browser.newContext();
  const beta = new UploadsPage(await context.newPage(), stack.server.url);
  const reads = countReads(beta.page);
  const told = beta.page.waitForRequest((request) => {
    const { pathname, searchParams } = new URL(request.url());
    return pathname === "/v1/events" && searchParams.has("workspaceId");
  });
  await beta.signIn("beta");
  await beta.chooseSpace(SHARED);
  const meter = beta.meter(SHARED);
  await expect(meter).toHaveAttribute("aria-valuenow", "0");
  await told;

  await uploads.signIn("alpha");
  await uploads.chooseSpace(SHARED);
  await uploads.pick([kept.path, gone.path]);
  const before = reads();
  await expect(meter).toHaveAttribute("aria-valuenow", String(kept.size + gone.size), { timeout: 15_000 });
  await uploads
    .libraryFile(gone.name)
    .getByRole("button", { name: `Delete ${gone.name}` })
    .click();
  await uploads.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(meter).toHaveAttribute("aria-valuenow", String(kept.size), { timeout: 15_000 });
  // What is beta's own is as it was.
  await expect(beta.meter("Your storage")).toHaveAttribute("aria-valuenow", "0");
  expect(reads()).toBe(before);
  await context.close();
  expectStored(kept);
});

test("reads as before where the companion has no such stream, or something holds it back", async ({
  uploads,
  folder,
  expectStored,
}) => {
  const { page } = uploads;
  const first = await generateWav(folder, "first.wav", 1 * MiB, 3);
  const second = await generateWav(folder, "second.wav", 1 * MiB, 4);
  let asked = 0;
  await page.route(/\/v1\/events/, async (route) => {
    asked += 1;
    // An older companion, and then one that hangs.
    if (asked === 1)
      await route.fulfill({ status: 404, json: { error: { code: "route_not_found", message: "" } } });
  });
  await uploads.signIn("alpha");
  await uploads.pick(first.path);
  await expect(uploads.meter("Your storage")).toHaveAttribute("aria-valuenow", String(first.size));
  expect(asked).toBeGreaterThan(0);
  await uploads.pick(second.path);
  await expect(uploads.meter("Your storage")).toHaveAttribute("aria-valuenow", String(2 * first.size));
  await expect(page.getByRole("alert")).toHaveCount(0);
  expectStored(first, second);
});
