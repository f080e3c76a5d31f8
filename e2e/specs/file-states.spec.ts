import { UploadsPage } from "@audiotricks/testing/uploads-page";
import { expectAccessible } from "../harness/accessible.ts";
import { fixture } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("shows in the list what becomes of files after they were stored, without a reload", async ({
  uploads,
  browser,
  stack,
  expectStored,
}) => {
  const { query } = stack;
  if (query === undefined) throw new Error("this test needs a database server");
  const [kept, gone] = [await fixture("chord.ogg"), await fixture("chord.mp3")];
  await uploads.signIn("alpha");
  await uploads.pick([kept.path, gone.path]);
  const [keptRow, goneRow] = [uploads.libraryFile(kept.name), uploads.libraryFile(gone.name)];
  await expect(keptRow).toContainText("Ready");
  await expect(goneRow).toContainText("Ready");
  const loads: string[] = [];
  uploads.page.on("framenavigated", (frame) => loads.push(frame.url()));

  const soon = { timeout: 15_000 };
  for (const [name, change, row, words] of [
    [kept.name, "UPDATE file_storage SET status = 'quarantined'", keptRow, "Held back for a check"],
    [gone.name, "UPDATE file_storage SET status = 'processing'", goneRow, "Being processed"],
    [gone.name, "UPDATE file_storage SET status = 'processed'", goneRow, "Ready"],
    [kept.name, "SELECT release_file(id) FROM file_storage", keptRow, "Ready"],
  ] as const) {
    await query(`${change} WHERE original_filename = $1 AND status <> 'deleted'`, [name]);
    await expect(row).toContainText(words, soon);
  }

  // And what another window of theirs deletes.
  await using context = await browser.newContext();
  const other = new UploadsPage(await context.newPage(), stack.server.url);
  await other.signIn("alpha");
  await other
    .libraryFile(gone.name)
    .getByRole("button", { name: `Delete ${gone.name}` })
    .click();
  await other.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(goneRow).toHaveCount(0, soon);
  expect(loads).toEqual([]);
  expectStored(kept);
});

test("gets a file back from the archive by its button, and says when it is there", async ({
  uploads,
  stack,
  page,
  expectStored,
}) => {
  const { query } = stack;
  if (query === undefined) throw new Error("this test needs a database server");
  const file = await fixture("chord.ogg");
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  const row = uploads.libraryFile(file.name);
  await expect(row).toContainText("Ready");
  const becomes = (state: string) =>
    query("UPDATE file_storage SET status = $1 WHERE original_filename = $2 AND status <> 'deleted'", [
      state,
      file.name,
    ]);
  const soon = { timeout: 15_000 };

  await becomes("archived");
  await expect(row).toContainText("Getting it back takes some minutes.", soon);
  await expect(row.getByRole("button", { name: /^(Play|Download) / })).toHaveCount(0);
  await expectAccessible(page, "a file in the archive");
  const back = row.getByRole("button", { name: `Get it back: ${file.name}` });

  // An answer that is lost is said, and the button is still there.
  await page.route("**/recall", (route) => route.abort(), { times: 1 });
  await back.focus();
  await page.keyboard.press("Enter");
  await expect(row.getByRole("alert")).toHaveText("The server does not answer.");
  await expect(back).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(row).toHaveAttribute("data-state", "recalling");
  await expect(row.getByRole("status")).toHaveText(/^It is coming back from the archive/);
  await expect(row.getByRole("status")).toBeFocused();
  const [asked] = await query<{ status: string }>(
    "SELECT status FROM file_storage WHERE original_filename = $1 AND status <> 'deleted'",
    [file.name],
  );
  expect(asked?.status).toBe("recalling");

  // As the worker does it, once the bytes are back.
  await becomes("stored");
  await expect(row).toHaveAttribute("data-state", "stored", soon);
  await expect(row.getByRole("button", { name: `Play ${file.name}`, exact: true })).toBeVisible();
  await expect(row.getByText("archive")).toHaveCount(0);
  expectStored(file);
});
