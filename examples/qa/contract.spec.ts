import { readFile } from "node:fs/promises";
import { HEADLESS_CHROMIUM } from "@audiotricks/testing/chromium";
import { CONTRACT, isAbout, namesOf } from "@audiotricks/testing/contract";
import { expect, FilesWithHandles, holdFromPart, test } from "@audiotricks/testing/playwright";
import { SeenOnPage } from "./seen-on-page.ts";

const MiB = 1024 * 1024;

/** A microphone that beeps, and a person who lets it be used. */
const MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

test.use({
  quota: { maxBytes: 60 * MiB },
  launchOptions: { ...HEADLESS_CHROMIUM, args: [...HEADLESS_CHROMIUM.args, ...MICROPHONE] },
});

test("the page has every role, name and state of the contract, and no other", { tag: "@smoke" }, async ({
  page,
  context,
  files,
  faults,
  companion,
  people,
  openAs,
  site,
}) => {
  const seen = new SeenOnPage();
  await seen.watch(page);
  await page.goto(site.companionLane.url);
  await expect(page.getByRole("button", { name: "Sign in as Alpha" })).toBeVisible();
  await seen.look(page);
  const uploads = await openAs("alpha", { in: page });
  const [one, two] = [
    await files.audio({ name: "one.wav", size: 12 * MiB }),
    await files.audio({ name: "two.wav", size: 12 * MiB }),
  ];
  const handled = new FilesWithHandles(uploads);
  for (const file of [one, two]) await handled.copy(file);
  const widgetButton = (name: string) => uploads.widget.getByRole("button", { name, exact: true });

  await test.step("files that are not added", async () => {
    await uploads.drop(await files.file("empty.mp3", ""), await files.file("lyrics.txt", "la"));
    await expect(uploads.refusal("lyrics.txt")).toBeVisible();
    await seen.look(page);
  });

  await test.step("recording", async () => {
    await widgetButton("Record from the microphone").click();
    await expect(widgetButton("Start recording")).toBeVisible();
    await seen.look(page);
    await widgetButton("Start recording").click();
    await expect(uploads.widget.getByRole("timer")).toHaveText("0:01");
    await seen.look(page);
    await widgetButton("Stop recording").click();
    await expect(widgetButton("Upload the recording")).toBeVisible();
    await seen.look(page);
    await widgetButton("Discard").click();
    await expect(widgetButton("Close")).toBeVisible();
    await seen.look(page);
    await widgetButton("Close").click();
  });

  await test.step("that takes a while", async () => {
    // A browser without windows has no notifications, whatever it is permitted.
    await page.evaluate(() =>
      Object.defineProperty(Notification, "permission", { configurable: true, get: () => "granted" }),
    );
    // More than sockets take up at once, and than fits otherwise.
    await people.setQuota("alpha", { maxBytes: 200 * MiB });
    const long = await files.audio({ name: "long.wav", size: 160 * MiB });
    site.storeLane.limit(MiB);
    await uploads.drop(long);
    await expect(widgetButton("Notify me when done")).toBeVisible();
    await seen.look(page);
    await widgetButton("Cancel long.wav").click();
    site.storeLane.limit(null);
    await people.setQuota("alpha", { maxBytes: 60 * MiB });
  });

  const held = await faults.inject(holdFromPart(2));
  await test.step("under way, paused, and in another tab", async () => {
    for (const { name } of [one, two]) await handled.drop(name);
    await uploads.reaches(one.name, "uploading");
    await expect(uploads.row(two.name)).toHaveAttribute("data-status", "uploading");
    await seen.look(page);
    await widgetButton("Pause all").click();
    await uploads.reaches(one.name, "paused");
    await seen.look(page);
    const second = await context.newPage();
    await seen.watch(second);
    const other = await openAs("alpha", { in: second });
    await expect(other.unfinished.getByRole("listitem", { name: two.name })).toHaveAttribute(
      "data-reason",
      "elsewhere",
    );
    await new FilesWithHandles(other).drop(one.name);
    await expect(other.row(one.name)).toHaveAttribute("data-reason", "elsewhere");
    await second.close();
  });

  await test.step("why it is slow", async () => {
    await page.locator("details.at-debug > summary").click();
    await page.getByText("Timeline").first().click();
    await expect(page.getByRole("list", { name: /^Timeline of / })).toBeVisible();
    await seen.look(page);
  });

  await test.step("what does not all fit", async () => {
    const sizes = { "10 a.wav": 1, "20 b.wav": 2, "30 c.wav": 50 };
    const many = Object.entries(sizes).map(([name, size]) => files.audio({ name, size: size * MiB }));
    await uploads.drop(...(await Promise.all(many)));
    await expect(uploads.choice).toBeVisible();
    await seen.look(page);
    await widgetButton("Cancel").click();
  });

  await test.step("what was begun by an earlier page, and what was not", async () => {
    await page.route(/\/v1\/uploads$/, (route) =>
      route.request().method() === "POST" ? route.abort() : route.fallback(),
    );
    await uploads.drop(...(await files.many(2)));
    await uploads.reaches("take 2.wav", "waiting");
    // The other tab may have left one as well.
    await waitingFilesAreKept(page, 2);
    await handled.needPermission();
    await page.reload();
    await expect(widgetButton("Forget files that had not begun")).toBeVisible();
    await expect(widgetButton(`Continue ${two.name}`)).toBeVisible();
    await seen.look(page);
    await widgetButton("Forget files that had not begun").click();
    await page.unroute(/\/v1\/uploads$/);
  });

  await test.step("offline, found again, and done", async () => {
    await handled.drop(one.name);
    await uploads.reaches(one.name, "uploading");
    await context.setOffline(true);
    await uploads.reaches(one.name, "waiting");
    await context.setOffline(false);
    await held.heal();
    await uploads.reaches(one.name, "done");
    await widgetButton(`Discard ${two.name}`).click();
    await expect(uploads.libraryFile(one.name)).toBeVisible();
    await seen.look(page);
    await uploads
      .libraryFile(one.name)
      .getByRole("button", { name: `Play ${one.name}` })
      .click();
    await expect(uploads.libraryFile(one.name).getByRole("slider")).toBeVisible();
    await seen.look(page);
    await uploads
      .libraryFile(one.name)
      .getByRole("button", { name: `Share ${one.name}` })
      .click();
    const sharing = page.getByRole("dialog", { name: `Who can read ${one.name}` });
    await sharing.getByRole("radio", { name: "Public" }).check();
    await sharing.getByRole("button", { name: "Change", exact: true }).click();
    await expect(sharing.getByRole("textbox", { name: "Public address" })).toBeVisible();
    for (const count of [1, 2]) {
      await sharing.getByRole("button", { name: "Make a link" }).click();
      await expect(sharing.getByRole("list", { name: "Links" }).getByRole("listitem")).toHaveCount(count);
    }
    await seen.look(page);
    await sharing.getByRole("button", { name: "Close" }).click();
    await uploads
      .libraryFile(one.name)
      .getByRole("button", { name: `Delete ${one.name}` })
      .click();
    await seen.look(page);
    await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
  });

  await test.step("in the archive, and on its way back", async () => {
    // Nothing is archived on the day it was uploaded: the list is told that it is.
    const away = (state: string) => (file: { name: string }) =>
      file.name === one.name ? { ...file, state } : file;
    let state = "archived";
    await page.route(/\/v1\/files\?/, async (route) => {
      const response = await route.fetch();
      const { files: listed, ...rest } = (await response.json()) as { files: { name: string }[] };
      await route.fulfill({ response, json: { ...rest, files: listed.map(away(state)) } });
    });
    await page.route(/\/v1\/files\/[\w-]+\/recall$/, async (route) => {
      state = "recalling";
      const response = await route.fetch();
      await route.fulfill({ response, json: away(state)((await response.json()) as { name: string }) });
    });
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    const back = uploads.libraryFile(one.name).getByRole("button", { name: `Get it back: ${one.name}` });
    await expect(back).toBeVisible();
    await seen.look(page);
    await back.click();
    await expect(uploads.libraryFile(one.name)).toHaveAttribute("data-state", "recalling");
    await seen.look(page);
    await page.unroute(/\/v1\/files\?/);
    await page.unroute(/\/v1\/files\/[\w-]+\/recall$/);
  });

  let used = 0;
  await test.step("failed, in a long list, and in a workspace with a limit", async () => {
    await people.setWorkspaceQuota("Alpha's workspace", { maxBytes: 60 * MiB });
    await faults.inject({ fault: "error", status: 400, operation: "PutObject", times: 5 });
    await uploads.drop(await files.audio({ name: "refused.wav", size: 1000 }));
    await uploads.reaches("refused.wav", "failed");
    const many = await files.many(31, 1000);
    used = one.size + many.reduce((sum, { size }) => sum + size, 0);
    await uploads.drop(...many);
    await expect(uploads.widget.getByRole("group", { name: "All uploads" })).toBeVisible();
    await expect(widgetButton("Clear list")).toBeVisible();
    await expect(page.getByRole("meter", { name: "Alpha's workspace" })).toBeVisible();
    await seen.look(page);
    await widgetButton("Clear list").click();
  });

  await test.step("storage that fills up", async () => {
    for (const [share, status] of [
      [0.85, "high"],
      [0.95, "warning"],
      [1.1, "over_quota"],
    ] as const) {
      await people.setQuota("alpha", { maxBytes: Math.round(used / share) });
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await expect(page.locator(".at-quota-note")).toHaveAttribute("data-status", status);
      await expect(page.locator(".at-meter[data-scope=user]")).toHaveAttribute("data-status", status);
    }
    await seen.look(page);
  });

  await test.step("what is in files", async () => {
    await people.setQuota("alpha", { maxBytes: 60 * MiB });
    const whole = await readFile((await files.audio({ name: "whole.wav", size: 4000 })).path);
    const mix = await files.audio({ name: "mix.mp3", size: 2000 });
    const lying = await files.file("lying.wav", await readFile(mix.path));
    await uploads.drop(await files.file("cut.wav", whole.subarray(0, 2000)), lying);
    await expect(uploads.refusal("lying.wav")).toHaveAttribute("data-code", "wrong_type");
    const stems = await Promise.all(
      ["Halo 1.wav", "Halo 2.wav"].map((name) => files.audio({ name, size: MiB })),
    );
    await uploads.drop(...stems);
    await expect(uploads.row("cut.wav").locator(".at-row-warning")).toHaveAttribute("data-code", "cut_short");
    await expect(widgetButton("Not stems")).toBeVisible();
    await seen.look(page);
    await widgetButton("Not stems").click();

    for (const { name } of stems) await uploads.reaches(name, "done");
    const twins = stems.map(async ({ name, path }) => files.file(`twin of ${name}`, await readFile(path)));
    await uploads.drop(...(await Promise.all(twins)));
    await expect(widgetButton("Skip all 2")).toBeVisible();
    await seen.look(page);
    await widgetButton("Skip all 2").click();
  });

  await test.step("stems as one, of which one will not come", async () => {
    const stems = await Promise.all(
      ["Reef 1.wav", "Reef 2.wav", "Reef 3.wav"].map((name) => files.audio({ name, size: 2 * MiB })),
    );
    const unit = uploads.widget.getByRole("region", { name: "Stems of Reef" });
    const set = page.getByRole("listitem", { name: "Stems of Reef", exact: true });
    site.storeLane.limit(MiB / 4);
    await uploads.drop(...stems);
    await widgetButton("Upload as one").click();
    await expect(unit).toHaveAttribute("data-status", "uploading");
    await uploads.reaches("Reef 3.wav", "uploading");
    await seen.look(page);
    await widgetButton("Cancel Reef 3.wav").click();
    site.storeLane.limit(null);
    await expect(unit).toHaveAttribute("data-status", "short");
    for (const name of ["Reef 1.wav", "Reef 2.wav"]) await uploads.reaches(name, "done");
    await set.getByRole("button", { name: "Show files of Stems of Reef" }).click();
    await seen.look(page);
    await widgetButton("Delete all 3").click();
    await expect(widgetButton("Keep")).toBeFocused();
    await seen.look(page);
    await widgetButton("Keep").click();
    await widgetButton("Publish the other 2").click();
    await expect(widgetButton("Close")).toBeVisible();
    await expect(set).toHaveAttribute("data-state", "open");
    await seen.look(page);
    await widgetButton("Close").click();
  });

  await test.step("without a companion", async () => {
    await page.route(/\/v1\/config/, (route) => route.abort());
    await page.reload();
    await expect(widgetButton("Try again")).toBeVisible();
    await seen.look(page);
    await companion.stop();
  });

  expect(missing(seen), "of the contract, and not on the page").toEqual([]);
  expect(unknown(seen), "on the page, and not of the contract").toEqual([]);
});

/** Rows and states that nobody saw. */
function missing({ things, states }: SeenOnPage): string[] {
  return CONTRACT.flatMap((row) => {
    const { role, name, states: wanted = [], statesIn = name } = row;
    const isSeen = things.some((thing) => isAbout(row, thing.role, thing.name));
    const unseen = wanted.flatMap(({ attribute, values, fleeting = [] }) =>
      values
        .filter((value) => fleeting !== "all" && !fleeting.includes(value))
        .map((value) => `${attribute} › ${value}`)
        .filter((state) => !hasState(states, statesIn, state)),
    );
    return [...(isSeen ? [] : [`${role} ${name}`]), ...unseen.map((state) => `${role} ${name}: ${state}`)];
  });
}

/** What was seen, and stands nowhere. */
function unknown({ things, states }: SeenOnPage): string[] {
  const strangers = things
    .filter(({ role, name }) => !CONTRACT.some((row) => isAbout(row, role, name)))
    .map(({ role, name }) => `${role} ${name}`);
  const known = CONTRACT.flatMap(({ name, states: wanted = [], statesIn = name }) =>
    wanted.flatMap(({ attribute, values }) =>
      values.map((value) => ({ statesIn, said: `${attribute} › ${value}` })),
    ),
  );
  const odd = [...states].filter(
    (state) => !known.some(({ statesIn, said }) => hasState(new Set([state]), statesIn, said)),
  );
  return [...new Set(strangers), ...odd];
}

function hasState(states: ReadonlySet<string>, place: string, said: string): boolean {
  return [...states].some((state) => {
    const [where = "", ...rest] = state.split(" › ");
    return rest.join(" › ") === said && namesOf(place).test(where);
  });
}

/** The page writes down what waits a moment after it began to. */
async function waitingFilesAreKept(page: Parameters<SeenOnPage["look"]>[0], atLeast: number): Promise<void> {
  const kept = () =>
    page.evaluate(
      () =>
        new Promise<number>((resolve, reject) => {
          const opening = indexedDB.open("audiotricks-waiting");
          opening.onerror = () => reject(new Error("no database"));
          opening.onsuccess = () => {
            const found = opening.result.transaction("files").objectStore("files").count();
            found.onsuccess = () => {
              opening.result.close();
              resolve(found.result);
            };
          };
        }),
    );
  await expect.poll(kept).toBeGreaterThanOrEqual(atLeast);
}
