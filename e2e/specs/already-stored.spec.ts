import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { expectAccessible } from "../harness/accessible.ts";
import { fixture } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("says what is stored already before a byte of it moves, and leaves the choice", async ({
  uploads,
  folder,
  expectStored,
}) => {
  const [song, other] = [await fixture("chord.mp3"), await fixture("chord.flac")];
  const renamed = { ...song, name: "the same under another name.mp3" };
  const path = join(folder, renamed.name);
  await copyFile(song.path, path);
  const [workers, loaded]: [string[], string[]] = [[], []];
  uploads.page.on("worker", (worker) => workers.push(worker.url()));
  uploads.page.on("request", (request) => loaded.push(request.url()));
  await uploads.signIn("alpha");
  await uploads.pick(song.path);
  await uploads.reaches(song.name, "done");
  const [begun, sessions] = [uploads.partsBegun.length, uploads.sessionsAsked];

  // Of two, one is new: it does not wait for the other.
  await uploads.pick([path, other.path]);
  const panel = uploads.widget.getByRole("region", { name: "Already in your library" });
  await expect(panel.getByRole("listitem", { name: renamed.name })).toContainText(`as ${song.name}`);
  await uploads.reaches(other.name, "done");
  expect(uploads.partsBegun.length).toBe(begun + 1);
  expect(uploads.sessionsAsked).toBe(sessions + 1);
  await expect(uploads.row(renamed.name)).toHaveAttribute("data-status", "queued");
  await expectAccessible(uploads.page, "already in the library");
  // Compared in one worker, and the page has not even the code for it.
  expect(workers.filter((url) => url.includes("/search-worker"))).toHaveLength(1);
  expect(loaded.filter((url) => url.includes("/blob-hasher"))).toEqual([]);

  await panel.getByRole("button", { name: `Skip ${renamed.name}` }).press("Enter");
  await expect(panel).toHaveCount(0);
  await expect(uploads.row(renamed.name)).toHaveCount(0);
  await expect(uploads.widget.getByRole("button", { name: "Choose audio files" })).toBeFocused();
  expect(uploads.partsBegun.length).toBe(begun + 1);

  await uploads.pick([path]);
  await panel.getByRole("button", { name: `Upload anyway: ${renamed.name}` }).click();
  await uploads.reaches(renamed.name, "done");
  await expect(panel).toHaveCount(0);
  expectStored(song, other, renamed);
});

test("knows nothing of what is elsewhere, and goes on where nobody answers", async ({
  uploads,
  expectStored,
}) => {
  const song = await fixture("chord.ogg");
  await uploads.signIn("alpha");
  await uploads.pick(song.path);
  await uploads.reaches(song.name, "done");
  // Another space: what is in the first is not there.
  await uploads.chooseSpace("Shared workspace");
  await uploads.pick(song.path);
  await expect(uploads.libraryFile(song.name)).toBeVisible();

  await uploads.page.route("**/v1/files/match", (route) => route.abort());
  await uploads.pick(song.path);
  await expect(uploads.library.getByRole("listitem", { name: song.name })).toHaveCount(2);
  expectStored(song, song, song);
});
