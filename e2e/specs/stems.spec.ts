import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Account } from "@audiotricks/testing/account";
import type { UploadsPage } from "@audiotricks/testing/uploads-page";
import { expectAccessible } from "../harness/accessible.ts";
import { generateWav, type LocalFile } from "../harness/audio-files.ts";
import { dropPaths } from "../harness/drop-paths.ts";
import { expect, test } from "../harness/test.ts";

/** Bytes of a WAV of the generator that last six seconds. */
const SIX_SECONDS = 44 + 6 * 44_100 * 4;
/** A rule that nothing breaks: uploads wait for what is in a file, however busy the machine is. */
const PATIENT = `/?rules=${encodeURIComponent(JSON.stringify({ maxDurationSeconds: 86_400 }))}`;
const NAMES = ["01 Kick.wav", "02 Snare.wav", "03 Bass.wav"];

async function makeStems(folder: string, name: string, names: readonly string[] = NAMES) {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  const files: LocalFile[] = [];
  for (const [index, each] of names.entries())
    files.push(await generateWav(place, each, SIX_SECONDS, index + 20));
  return { place, files };
}

async function signIn(uploads: UploadsPage, address: string): Promise<void> {
  await uploads.signIn("alpha");
  await uploads.page.goto(`${address}${PATIENT}`);
  await uploads.isReady();
}

async function drop(uploads: UploadsPage, place: string): Promise<void> {
  await dropPaths(uploads.widget.locator(".uppy-Dashboard-AddFiles").first(), [place]);
}

const panelOf = (uploads: UploadsPage, name: string) =>
  uploads.widget.getByRole("region", { name: `Stems of ${name}` });
const setOf = (uploads: UploadsPage, name: string) =>
  uploads.library.getByRole("listitem", { name: `Stems of ${name}`, exact: true });
const asOne = { name: "Upload as one" };

test("uploads stems as one: nobody else sees any before all are there, and then one row of the library has all", async ({
  uploads,
  address,
  stack,
  folder,
  expectStored,
}) => {
  const { place, files } = await makeStems(folder, "Halo");
  await signIn(uploads, address);
  await uploads.chooseSpace("Shared workspace");
  const beta = await Account.signIn(stack.server.url, "beta");
  const alpha = await Account.signIn(stack.server.url, "alpha");
  const workspaceId = alpha.workspaces.find(({ name }) => name === "Shared workspace")?.id ?? "";
  const seenByBeta = async () => (await beta.filesIn(workspaceId)).map(({ name }) => name).toSorted();

  await drop(uploads, place);
  const panel = panelOf(uploads, "Halo");
  await expect(panel).toContainText("3 files · 0:06 · 44.1 kHz");
  await expect(panel).toContainText("others see none of them until all are stored");
  await expectAccessible(uploads.page, "stems that are offered");
  expect(uploads.partsBegun).toEqual([]);

  // The last one is kept waiting at the door of the store.
  let isHeld = true;
  const letIn = new Set<string>();
  await uploads.page.route("**/v1/uploads/complete", async (route) => {
    const { uploads: all } = route.request().postDataJSON() as { uploads: { sessionId: string }[] };
    const asked = new Set([...letIn, ...all.map(({ sessionId }) => sessionId)]);
    if (isHeld && asked.size >= NAMES.length) return await route.abort();
    for (const id of asked) letIn.add(id);
    return await route.continue();
  });
  await panel.getByRole("button", asOne).press("Enter");
  await expect(uploads.widget.getByRole("button", { name: "Choose audio files" })).toBeFocused();
  await expect(panel).toHaveAttribute("data-status", "uploading");
  await expect.poll(() => uploads.partsBegun.length).toBe(NAMES.length);
  expect(await seenByBeta()).toEqual([]);
  isHeld = false;
  for (const { name } of files) await uploads.reaches(name, "done");
  await expect(panel).toContainText("All 3 files are stored as one.");
  expect(await seenByBeta()).toEqual(NAMES);
  await expectAccessible(uploads.page, "stems that are published");

  const set = setOf(uploads, "Halo");
  await expect(set).toContainText("3 files");
  await expect(uploads.libraryFile("02 Snare.wav")).toHaveCount(0);
  await set.getByRole("button", { name: "Show files of Stems of Halo" }).press("Enter");
  await expect(set.getByRole("listitem")).toHaveCount(3);
  await expectAccessible(uploads.page, "stems in the library");
  await panel.getByRole("button", { name: "Close" }).click();
  await expect(panel).toHaveCount(0);
  expectStored(...files);
});

test("says which of them will not come, and publishes the others when a person says so", async ({
  uploads,
  address,
  stack,
  folder,
  expectStored,
}) => {
  const { place, files } = await makeStems(folder, "Tide");
  await signIn(uploads, address);
  await uploads.chooseSpace("Shared workspace");
  stack.storeLane.limit(200_000);
  await drop(uploads, place);
  const panel = panelOf(uploads, "Tide");
  await panel.getByRole("button", asOne).click();
  await expect.poll(() => uploads.partsBegun.length).toBeGreaterThan(0);
  await uploads.press("Cancel", "02 Snare.wav");
  await expect(panel).toContainText("02 Snare.wav will not come, so the others are not published.");
  stack.storeLane.limit(null);
  for (const name of ["01 Kick.wav", "03 Bass.wav"]) await uploads.reaches(name, "done");
  await expect(setOf(uploads, "Tide")).toContainText("2 of 3 here, seen by nobody else");
  await expectAccessible(uploads.page, "stems of which one will not come");

  await uploads.page.route("**/v1/groups/*", (route) => route.abort());
  await panel.getByRole("button", { name: "Publish the other 2" }).click();
  await expect(panel.getByRole("alert")).toContainText("nothing has changed");
  await uploads.page.unroute("**/v1/groups/*");
  await panel.getByRole("button", { name: "Publish the other 2" }).click();
  await expect(panel).toContainText("All 2 files are stored as one.");
  await expect(setOf(uploads, "Tide")).toContainText("2 files");
  expectStored(...files.filter(({ name }) => name !== "02 Snare.wav"));
});

test("deletes all of them when a person says so twice, and gives back what they took", async ({
  uploads,
  address,
  stack,
  folder,
  expectStored,
}) => {
  const { place } = await makeStems(folder, "Ebb");
  await signIn(uploads, address);
  const account = await Account.signIn(stack.server.url, "alpha");
  await drop(uploads, place);
  const panel = panelOf(uploads, "Ebb");
  await expect(panel).toBeVisible();
  stack.storeLane.limit(200_000);
  await panel.getByRole("button", asOne).click();
  await expect.poll(() => uploads.partsBegun.length).toBeGreaterThan(0);
  await uploads.press("Cancel", "01 Kick.wav");
  stack.storeLane.limit(null);
  await uploads.reaches("03 Bass.wav", "done");
  await panel.getByRole("button", { name: "Delete all 3" }).click();
  await expect(panel).toContainText("deleted for good");
  await expect(panel.getByRole("button", { name: "Keep" })).toBeFocused();
  await panel.getByRole("button", { name: "Delete all 3" }).click();
  await expect(panel).toHaveCount(0);
  await expect(uploads.row("03 Bass.wav")).toHaveCount(0);
  await expect(uploads.library).toContainText("Nothing here yet");
  await expect.poll(async () => (await account.files()).length).toBe(0);
  await expect.poll(() => stack.store.openUploads()).toEqual([]);
  expectStored();
});

test("goes on with the same unit after a reload, in whatever way the rest comes back", async ({
  uploads,
  address,
  stack,
  folder,
  expectStored,
}) => {
  const { place, files } = await makeStems(folder, "Reef");
  await signIn(uploads, address);
  stack.storeLane.limit(150_000);
  await drop(uploads, place);
  await panelOf(uploads, "Reef").getByRole("button", asOne).click();
  await expect.poll(() => uploads.partsBegun.length).toBe(NAMES.length);
  await uploads.page.reload();
  stack.storeLane.limit(null);
  await uploads.isReady();
  await drop(uploads, place);
  const panel = panelOf(uploads, "Reef");
  // A page that may still read the files goes on with them by itself, and asks nothing; another asks once it has read them.
  const offer = panel.getByRole("button", asOne);
  await expect(async () => {
    if (await offer.isVisible()) await offer.click();
    const isOn = { timeout: 500 };
    await expect(uploads.row(NAMES[0] ?? "")).toHaveAttribute("data-status", /^(?!queued)/, isOn);
  }).toPass();
  for (const { name } of files) await uploads.reaches(name, "done");
  await expect(panel).toContainText("All 3 files are stored as one.");
  const account = await Account.signIn(stack.server.url, "alpha");
  const groups = (await account.files()).map(({ group }) => `${group?.id} ${group?.isOpen}`);
  expect(groups).toHaveLength(NAMES.length);
  expect(new Set(groups).size).toBe(1);
  expect(groups[0]).toMatch(/ true$/);
  expectStored(...files);
});
