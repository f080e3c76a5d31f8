import { readFile } from "node:fs/promises";
import { CONTRACT, isAbout, namesOf } from "@audiotricks/testing/contract";
import { expect, FilesWithHandles, holdFromPart, test } from "@audiotricks/testing/playwright";
import { SeenOnPage } from "./seen-on-page.ts";

const MiB = 1024 * 1024;

test.use({ quota: { maxBytes: 60 * MiB } });

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
    await seen.look(page);
    await uploads
      .libraryFile(one.name)
      .getByRole("button", { name: `Delete ${one.name}` })
      .click();
    await seen.look(page);
    await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
  });

  await test.step("failed, in a long list, and in a workspace with a limit", async () => {
    await people.setWorkspaceQuota("Alpha's workspace", { maxBytes: 60 * MiB });
    await faults.inject({ fault: "error", status: 400, operation: "PutObject", times: 5 });
    await uploads.drop(await files.audio({ name: "refused.wav", size: 1000 }));
    await uploads.reaches("refused.wav", "failed");
    await uploads.drop(...(await files.many(31, 1000)));
    await expect(uploads.widget.getByRole("group", { name: "All uploads" })).toBeVisible();
    await expect(widgetButton("Clear list")).toBeVisible();
    await expect(page.getByRole("meter", { name: "Alpha's workspace" })).toBeVisible();
    await seen.look(page);
    await widgetButton("Clear list").click();
  });

  await test.step("storage that fills up", async () => {
    const used = one.size + 31_000;
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
    const stems = ["Halo 1.wav", "Halo 2.wav"].map((name) => files.audio({ name, size: MiB }));
    await uploads.drop(...(await Promise.all(stems)));
    await expect(uploads.row("cut.wav").locator(".at-row-warning")).toHaveAttribute("data-code", "cut_short");
    await expect(widgetButton("Not stems")).toBeVisible();
    await seen.look(page);
    await widgetButton("Not stems").click();
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
