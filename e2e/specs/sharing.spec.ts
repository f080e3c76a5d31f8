import { createHash } from "node:crypto";
import { Account } from "@audiotricks/testing/account";
import { UploadsPage } from "@audiotricks/testing/uploads-page";
import type { Page } from "@playwright/test";
import { expectAccessible } from "../harness/accessible.ts";
import { fixture } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

const dialogOf = (page: Page, name: string) => page.getByRole("dialog", { name: `Who can read ${name}` });
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

test("opens a file to anyone, says its address, and takes it back", async ({
  uploads,
  request,
  expectStored,
}) => {
  const file = await fixture("chord.mp3");
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  const row = uploads.libraryFile(file.name);
  const share = row.getByRole("button", { name: `Share ${file.name}` });
  await share.click();
  const dialog = dialogOf(uploads.page, file.name);
  await expect(dialog.getByRole("radio", { name: "Workspace" })).toBeChecked();
  await expect(dialog.getByRole("radio")).toHaveCount(3);
  await expectAccessible(uploads.page, "sharing");

  await dialog.getByRole("radio", { name: "Public" }).check();
  // Chosen, and nothing done.
  await expect(row.locator(".file-readers")).toHaveText("Workspace");
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  const address = dialog.getByRole("textbox", { name: "Public address" });
  await expect(address).toBeVisible();
  const url = await address.inputValue();
  expect(sha256(await (await request.get(url)).body())).toBe(file.sha256);

  await uploads.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await dialog.getByRole("button", { name: "Copy" }).click();
  await expect(dialog.getByText("Copied.")).toBeVisible();
  expect(await uploads.page.evaluate(() => navigator.clipboard.readText())).toBe(url);

  await dialog.getByRole("radio", { name: "Private" }).check();
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  await expect(address).toHaveCount(0);
  expect((await request.get(url)).status()).toBe(403);
  await uploads.page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(share).toBeFocused();
  await expect(row.locator(".file-readers")).toHaveCount(0);
  expectStored(file);
});

test("makes a link that works as long as it is to, and ends it", async ({
  uploads,
  request,
  expectStored,
}) => {
  const file = await fixture("chord.ogg");
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  await uploads
    .libraryFile(file.name)
    .getByRole("button", { name: `Share ${file.name}` })
    .click();
  const dialog = dialogOf(uploads.page, file.name);
  await dialog.getByRole("combobox", { name: "How long it works" }).selectOption("1 hour");
  await dialog.getByRole("spinbutton", { name: "Downloads at most" }).fill("2");
  await dialog.getByRole("button", { name: "Make a link" }).click();
  const made = dialog.getByRole("textbox", { name: "New link" });
  const url = await made.inputValue();
  expect(new URL(url).origin).toBe(new URL(uploads.page.url()).origin);
  await expect(dialog.getByRole("listitem")).toContainText("0 of 2 downloads");
  expect(sha256(await (await request.get(url)).body())).toBe(file.sha256);

  // Told once: after the dialog was closed nobody reads it anywhere.
  await dialog.getByRole("button", { name: "Close" }).click();
  await uploads
    .libraryFile(file.name)
    .getByRole("button", { name: `Share ${file.name}` })
    .click();
  await expect(dialog.getByRole("listitem")).toContainText("1 of 2 downloads");
  await expect(made).toHaveCount(0);
  await dialog.getByRole("button", { name: /^End the link: ends / }).click();
  await expect(dialog.getByRole("listitem")).toHaveCount(0);
  // The button is gone, and the keyboard is where it was.
  await expect(dialog.getByRole("heading", { name: "Links" })).toBeFocused();
  expect((await request.get(url)).status()).toBe(404);
  expectStored(file);
});

test("offers nothing to somebody who may not, and says it where the right went meanwhile", async ({
  uploads,
  browser,
  stack,
  expectStored,
}) => {
  const file = await fixture("chord.wav");
  await uploads.signIn("alpha");
  await uploads.chooseSpace("Shared workspace");
  await uploads.pick(file.path);
  await expect(uploads.libraryFile(file.name)).toBeVisible();

  await using context = await browser.newContext();
  const beta = new UploadsPage(await context.newPage(), stack.server.url);
  await beta.signIn("beta");
  await beta.chooseSpace("Shared workspace");
  // A member's, among others': heard and kept, and not theirs to open, share or delete.
  const others = beta.libraryFile(file.name);
  await expect(others.getByRole("button", { name: `Download ${file.name}` })).toBeVisible();
  await expect(others.getByRole("button", { name: `Share ${file.name}` })).toHaveCount(0);
  await expect(others.getByRole("button", { name: `Delete ${file.name}` })).toHaveCount(0);

  await uploads
    .libraryFile(file.name)
    .getByRole("button", { name: `Share ${file.name}` })
    .click();
  const dialog = dialogOf(uploads.page, file.name);
  await dialog.getByRole("radio", { name: "Private" }).check();
  // The network goes: nothing is lost, and nothing is offered that could not be done. The page is not told of files afterwards, or the
  // dialog might be gone before its button is pressed.
  await uploads.page.route("**/v1/events?**", (route) => route.abort());
  await uploads.page.context().setOffline(true);
  await expect(dialog.getByText("No network.")).toBeVisible();
  await dialog.getByRole("button", { name: "Change", exact: true }).press("Enter");
  await expect(dialog.getByRole("radio", { name: "Private" })).toBeChecked();
  await uploads.page.context().setOffline(false);
  await expect(dialog.getByText("No network.")).toHaveCount(0);
  // Deleted elsewhere while somebody is at it: the list follows, and the keyboard goes on from it.
  const owner = await Account.signIn(stack.server.url, "alpha");
  const [stored] = await owner.filesIn(owner.workspaces.at(-1)?.id);
  await owner.deleteFile(stored?.id ?? "");
  await dialog.getByRole("button", { name: "Change", exact: true }).press("Enter");
  await expect(uploads.libraryFile(file.name)).toHaveCount(0);
  await expect(dialog).toHaveCount(0);
  await expect(uploads.page.getByRole("heading", { name: "Files in Shared workspace" })).toBeFocused();
  expectStored();
});
