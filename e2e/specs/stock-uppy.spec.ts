import { Account } from "@audiotricks/testing/account";
import type { Page } from "@playwright/test";
import { fixture, generateWav, MiB } from "../harness/audio-files.ts";
import type { Stack } from "../harness/stack.ts";
import { serveStockUppy } from "../harness/stock-uppy-site.ts";
import { test as base, expect } from "../harness/test.ts";

const test = base.extend<{ stockUppy: string }>({
  /** Address of the page. */
  stockUppy: async ({ stack }, use) => {
    await using _site = await serveStockUppy(stack.guestPort);
    await use(`http://127.0.0.1:${stack.guestPort}/`);
  },
});

/** Opens the page signed in as alpha, by the token that its endpoint carries. */
async function openPage(page: Page, stack: Stack, address: string, isMultipart: boolean): Promise<Account> {
  const alpha = await Account.signIn(stack.server.url, "alpha");
  const url = new URL(address);
  url.searchParams.set("companionEndpoint", (await alpha.issueS3Token()).companionEndpoint);
  if (isMultipart) url.searchParams.set("multipart", "");
  await page.goto(url.href);
  return alpha;
}

test("an unmodified @uppy/aws-s3 uploads 60 MiB in parts, pauses, resumes, and is counted", async ({
  page,
  stack,
  stockUppy,
  folder,
  expectStored,
}) => {
  const file = await generateWav(folder, "mixtape.wav", 60 * MiB);
  const output = page.getByRole("status");
  stack.storeLane.limit(16 * MiB);
  const alpha = await openPage(page, stack, stockUppy, true);
  await page.getByLabel("File").setInputFiles(file.path);
  await expect(output).toHaveText(/^part [2-6]$/);
  await page.getByRole("button", { name: "Pause" }).click();

  // Under way it is a session like any other: it reserves, and the store has one upload.
  expect(await stack.store.openUploads()).toHaveLength(1);
  expect(await alpha.openSessions()).toHaveLength(1);
  const reserved = (await alpha.quotas()).find(({ scope }) => scope === "user")?.reservedBytes;
  expect(reserved).toBeGreaterThanOrEqual(file.size);
  // Uppy lets go of the part under way; after that nothing arrives.
  await page.waitForTimeout(500);
  const paused = await output.textContent();
  await page.waitForTimeout(1500);
  expect(await output.textContent()).toBe(paused);

  stack.storeLane.limit(null);
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(output).toHaveText("done", { timeout: 30_000 });
  expectStored(file);
});

test("an unmodified @uppy/aws-s3 cancels, and leaves nothing", async ({ page, stack, stockUppy, folder }) => {
  const file = await generateWav(folder, "mixtape.wav", 60 * MiB);
  stack.storeLane.limit(16 * MiB);
  const alpha = await openPage(page, stack, stockUppy, true);
  await page.getByLabel("File").setInputFiles(file.path);
  await expect(page.getByRole("status")).toHaveText(/^part [2-6]$/);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("status")).toHaveText("cancelled");
  stack.storeLane.limit(null);
  await expect.poll(() => stack.store.openUploads()).toEqual([]);
  await expect.poll(async () => (await alpha.openSessions()).length).toBe(0);
});

test("an unmodified @uppy/aws-s3 sends a small file as a form, and the server finishes it by itself", async ({
  page,
  stack,
  stockUppy,
  expectStored,
}) => {
  const file = await fixture("chord.mp3");
  const alpha = await openPage(page, stack, stockUppy, false);
  await page.getByLabel("File").setInputFiles(file.path);
  await expect(page.getByRole("status")).toHaveText("done");
  // Nobody says that it is there: the sweep finds it.
  await expect
    .poll(async () => (await alpha.files()).map(({ state }) => state), { timeout: 75_000 })
    .toEqual(["stored"]);
  expectStored(file);
});
