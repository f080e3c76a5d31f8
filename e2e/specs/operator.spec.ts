import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expectAccessible } from "../harness/accessible.ts";
import { expect, test } from "../harness/operator-site.ts";

/** Every figure has its answer, none of them is an error. */
async function isAnswered(page: Page): Promise<void> {
  await expect(page.locator('main [aria-busy="true"]')).toHaveCount(0);
  await expect(page.getByText("Loading…")).toHaveCount(0);
  await expect(page.getByRole("alert").filter({ hasText: /\S/ })).toHaveCount(0);
}

function figure(page: Page, question: string) {
  return page.getByRole("region", { name: question, exact: true });
}

const PAGES = [
  ["/operator", "Overview", "How much is stored, and how fast does it grow?"],
  ["/operator/workspaces", "Workspaces", "Who is near their limit?"],
  ["/operator/activity", "Activity", "In which region do uploads take long (p95)?"],
  ["/operator/sessions?state=completed", "Sessions", "Which uploads are there in this state?"],
  ["/operator/alerts", "Alerts", "What is or was beyond its threshold?"],
  ["/operator/costs", "Costs", "What will this month have cost?"],
  ["/operator/backups", "Backups", "How old is the newest backup of the database?"],
  ["/operator/moves", "Moves", "Which workspaces are on their way to another bucket?"],
  ["/operator/jobs", "Jobs", "Do the background jobs run?"],
  ["/operator/audit", "Audit log", "Who did what?"],
] as const;

for (const [path, title, question] of PAGES) {
  test(`${title}: can be used by everyone, on a phone too, and is there again after a reload`, async ({
    openAs,
  }) => {
    const page = await openAs("operator", path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
    await isAnswered(page);
    await expect(figure(page, question)).toBeVisible();
    await expectAccessible(page, title);

    await page.setViewportSize({ width: 320, height: 640 });
    const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await expect.poll(wider).toBeLessThanOrEqual(0);

    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
    await isAnswered(page);
    await expect.poll(wider).toBeLessThanOrEqual(0);
  });
}

test("says first what has to be done, and leads to it", async ({ openAs }) => {
  const page = await openAs("operator", "/operator");
  const verdict = page.getByRole("region", { name: /needs? you now$/ });
  await expect(verdict).toBeVisible();
  await expect(verdict.getByText("Files of history-nyc3 are nowhere else.")).toBeVisible();
  await expect(
    verdict.getByText(/^audiotricks-storage provider add --backup-of [0-9a-f-]{36}$/),
  ).toBeVisible();
  await expect(verdict.getByRole("list", { name: "What is fine" })).toContainText(
    "The database was backed up",
  );
  await verdict.getByRole("link", { name: "See alerts" }).first().press("Enter");
  await expect(page).toHaveURL(/\/operator\/alerts\?state=open$/);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("an alert is acknowledged by keys, and says by whom", async ({ openAs }) => {
  const page = await openAs("operator", "/operator/alerts");
  const button = page.getByRole("button", { name: /^Acknowledge: The workspace/ }).first();
  const name = await button.getAttribute("aria-label");
  await button.press("Enter");
  const done = page.getByRole("button", {
    name: name?.replace("Acknowledge:", "Acknowledged:") ?? "",
    exact: true,
  });
  await expect(done).toBeFocused();
  await expect(page.getByRole("row").filter({ has: done })).toContainText(
    "09e7a000-0000-4000-8000-000000000003",
  );
});

test("everything is looked at, or it is said what was not", async ({ openAs }) => {
  const page = await openAs("operator", "/operator/jobs");
  await page.route("**/v1/admin/moves*", (route) => route.abort());
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByText(/^Moves could not be looked at: The server does not answer\./)).toBeVisible();
  await page.unroute("**/v1/admin/moves*");
  await page.getByRole("button", { name: "Look again" }).click();
  await expect(page.getByText(/^Moves could not be looked at/)).toHaveCount(0);
});

const FILES = [
  ["/operator", "How many uploads are there, and do they succeed?", /^period,group,times,succeeded,/],
  ["/operator/costs", "Who costs most?", /^scope,workspaceId,totalMicros,/],
  ["/operator/costs", "What will this month have cost?", /^providerId,.*,low,expected,high$/],
  ["/operator/backups", "Which buckets are nowhere else?", /^providerId,providerName,region,bucket$/],
  ["/operator/alerts", "What is or was beyond its threshold?", /^id,kind,subject,state,/],
  [
    "/operator/sessions?state=completed",
    "Which uploads are there in this state?",
    /^sessionId,fileId,state,/,
  ],
  ["/operator/audit", "Who did what?", /^at,userId,/],
] as const;

for (const [path, question, columns] of FILES) {
  test(`a file has what was asked: ${question}`, async ({ openAs }) => {
    const page = await openAs("operator", path);
    await isAnswered(page);
    const asked = figure(page, question);
    const table = asked.getByRole("button", { name: `Table: ${question}` });
    if ((await table.count()) > 0) await table.press("Enter");
    const shown = await asked.getByRole("row").count();
    const more = await asked.getByRole("button", { name: "Show more" }).count();
    const saving = page.waitForEvent("download");
    await asked.getByRole("button", { name: `CSV: ${question}` }).click();
    const lines = (await readFile(await (await saving).path(), "utf8")).trimEnd().split("\r\n");
    expect(lines[0]).toMatch(columns);
    expect(shown).toBeGreaterThan(1);
    // A file has all pages, the sum of a forecast, and what is of all others.
    expect(lines.length).toBeGreaterThanOrEqual(shown);
    if (more > 0) expect(lines.length).toBeGreaterThan(shown);
  });
}

test("tables can be used by everyone, instead of charts", async ({ openAs }) => {
  const page = await openAs("operator", "/operator/workspaces");
  await isAnswered(page);
  await expect(figure(page, "Which kinds of content grow?").getByRole("img")).toHaveAccessibleName(
    /audio file: from \d/,
  );
  const charts = await page.getByRole("button", { name: /^Table: / }).all();
  for (const button of charts) await button.press("Enter");
  await expect(page.getByRole("button", { name: /^Table: /, pressed: true })).toHaveCount(charts.length);
  await expectAccessible(page, "tables");
});

test("days are in the address, wrong ones are refused in words, and there may be nothing in them", async ({
  openAs,
}) => {
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const page = await openAs("operator", `/operator/activity?from=${day(6)}&to=${day(1)}`);
  const question = "Do uploads succeed?";
  const to = page.getByLabel("To", { exact: true });
  await page.getByRole("button", { name: `Table: ${question}` }).click();
  await expect(figure(page, question).getByRole("row")).toHaveCount(7);
  await to.fill(day(4));
  // Hours, of which some have none.
  await expect.poll(() => figure(page, question).getByRole("row").count()).toBeGreaterThan(24);
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page).toHaveURL(new RegExp(`/operator\\?from=${day(6)}&to=${day(4)}$`));
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Activity");
  await to.fill(day(9));
  await expect(page.getByRole("alert")).toHaveText("The first day has to come before the last.");
  await page.getByRole("link", { name: "7 days" }).click();
  await expect(page).toHaveURL(new RegExp(`from=${day(6)}&to=${day(0)}$`));
  await page.goto(new URL("/operator/activity?from=2020-01-01&to=2020-01-07", page.url()).href);
  await expect(figure(page, question)).toContainText("No upload ended in these days.");
  await expectAccessible(page, "nothing");
});

test("leads from a session to the whole story of its upload, which has an address of its own", async ({
  openAs,
}) => {
  const page = await openAs("operator", "/operator/sessions?state=completed");
  const link = page.getByRole("table").getByRole("link").first();
  const name = await link.textContent();
  const rows = page.getByRole("table").getByRole("row");
  await expect(rows).toHaveCount(51);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(rows).toHaveCount(101);
  await link.press("Enter");
  await expect(page).toHaveURL(/\/operator\/uploads\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  const story = page.getByRole("heading", { name: `What became of ${name}?` });
  await expect(story).toBeVisible();
  await expect(figure(page, "What happened, in order?")).toContainText("the upload began");
  await expectAccessible(page, "one upload");
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  await page.goto(new URL("/operator/sessions", page.url()).href);
  await page.getByLabel("Id of a file or an upload").fill("nonsense");
  await page.getByRole("button", { name: "Find it" }).click();
  await expect(page.getByRole("alert")).toContainText("Give the id of a file or of an upload");
  await page.getByLabel("Id of a file or an upload").fill(` ${id.toUpperCase()} `);
  await page.keyboard.press("Enter");
  await expect(story).toBeVisible();
});

test("says so where there is no such upload, and tries again where the server failed", async ({ openAs }) => {
  const page = await openAs("operator", "/operator/uploads/00000000-0000-4000-8000-000000000000");
  await expect(page.getByRole("alert")).toContainText("session_not_found");
  await page.route("**/v1/admin/jobs", (route) => route.abort(), { times: 1 });
  await page.getByRole("link", { name: "Jobs" }).click();
  await expect(page.getByRole("alert")).toContainText("The server does not answer.");
  await expectAccessible(page, "failed");
  await page.getByRole("button", { name: "Try again" }).click();
  await isAnswered(page);
});

test("is nothing to an ordinary user: neither the pages, nor their code, nor what they show", async ({
  openAs,
  page,
}) => {
  const loaded: string[] = [];
  page.on("request", (request) => void loaded.push(new URL(request.url()).pathname));
  await openAs("alpha", "/operator/audit");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Upload audio");
  await expect(page.getByRole("heading", { name: "Files in Alpha's workspace" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Operator pages" })).toHaveCount(0);
  expect(loaded.filter((path) => /operator-app|\/v1\/admin/.test(path))).toEqual([]);
  const token = await page.evaluate(async () => {
    const body = JSON.stringify({ user: "alpha" });
    const headers = { "content-type": "application/json" };
    return (await (await fetch("/demo/token", { method: "POST", headers, body })).json()).token as string;
  });
  for (const path of [
    "dashboard",
    "usage",
    "sessions",
    "jobs",
    "audit",
    "costs",
    "backups",
    "moves",
    "alerts",
  ]) {
    const response = await page.request.get(`${new URL(page.url()).origin}/v1/admin/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status(), path).toBe(403);
  }
});
