import { Account } from "@audiotricks/testing/account";
import { UploadsPage } from "@audiotricks/testing/uploads-page";
import { fixture } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("shows nobody else's files, but for those in a shared workspace", async ({
  uploads,
  browser,
  stack,
  expectStored,
}) => {
  const [own, shared] = [await fixture("chord.mp3"), await fixture("chord.ogg")];
  await uploads.signIn("alpha");
  await uploads.pick(own.path);
  await expect(uploads.libraryFile(own.name)).toBeVisible();
  await uploads.chooseSpace("Shared workspace");
  await uploads.pick(shared.path);
  await expect(uploads.libraryFile(shared.name)).toBeVisible();

  await using context = await browser.newContext();
  const beta = new UploadsPage(await context.newPage(), stack.server.url);
  await beta.signIn("beta");
  await expect(beta.library).toContainText("Nothing here yet");
  await expect(beta.page.getByRole("combobox", { name: "Workspace" })).not.toContainText("Alpha's workspace");
  await beta.chooseSpace("Shared workspace");
  await expect(beta.libraryFile(shared.name)).toBeVisible();
  await expect(beta.libraryFile(own.name)).toHaveCount(0);

  // The same, asked past the page.
  const [alphaAccount, betaAccount] = [
    await Account.signIn(stack.server.url, "alpha"),
    await Account.signIn(stack.server.url, "beta"),
  ];
  const ownId = (await alphaAccount.files()).find(({ name }) => name === own.name)?.id;
  expect((await betaAccount.files()).map(({ name }) => name)).toEqual([shared.name]);
  expect(ownId).toBeDefined();
  expect(await alphaAccount.status("GET", `/v1/files/${ownId}`)).toBe(200);
  for (const [method, path] of [
    ["GET", `/v1/files/${ownId}`],
    ["POST", `/v1/files/${ownId}/download`],
    ["DELETE", `/v1/files/${ownId}`],
    ["GET", `/v1/files?workspaceId=${alphaAccount.workspaces[0]?.id}`],
  ] as const) {
    expect(await betaAccount.status(method, path), `${method} ${path}`).toBe(404);
  }
  expectStored(own, shared);
});
