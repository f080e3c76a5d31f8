import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "@audiotricks/e2e/server-process";
import { HEADLESS_CHROMIUM } from "@audiotricks/testing/chromium";
import { freePort } from "@audiotricks/testing/free-port";
import { A_MONTH, fillHistory } from "@audiotricks/testing/history";
import { type Browser, chromium } from "@playwright/test";
import type { Options } from "../options.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import type { ServerFigure } from "./server-figure.ts";
import { describeMs, timeOf } from "./times.ts";

const WANTED_MS = 1500;

/** The operator's first page with a made-up month: from its address to the last verdict and chart, in a new browser context each time. */
export async function measureOperator(
  server: MeasuredPostgres,
  { rounds, share }: Options,
): Promise<ServerFigure[]> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await server.createDatabase());
  const [files, operations] = [Math.round(A_MONTH.files * share), Math.round(A_MONTH.operations * share)];
  await fillHistory(database.db, { ...A_MONTH, files, operations, until: new Date() });
  const dataDir = await mkdtemp(join(tmpdir(), "at-operator-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const settings = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    EMULATOR_PORT: String(await freePort()),
    STORAGE_ENCRYPTION_KEY: "",
  };
  const companion = stack.use(new ServerProcess(await freePort(), settings));
  await companion.start();
  const browser = await chromium.launch(HEADLESS_CHROMIUM);
  stack.defer(() => browser.close());

  await open(browser, companion.url);
  const times: number[] = [];
  const clicks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { readyMs, clickMs } = await open(browser, companion.url);
    times.push(readyMs);
    clicks.push(clickMs);
  }
  return [
    {
      title: `the operator's first page, from its address to the last verdict and chart, with ${files.toLocaleString("en")} files and ${operations.toLocaleString("en")} operations`,
      rounds: times,
      wanted: { most: WANTED_MS },
      unit: "ms",
      sides: `and then from a chart to its table ${describeMs(clicks)}`,
    },
  ];
}

async function open(browser: Browser, url: string): Promise<{ readyMs: number; clickMs: number }> {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => sessionStorage.setItem("audiotricks-demo-login", "operator"));
  await page.goto(`${url}/operator`, { waitUntil: "commit" });
  const ready = await page.waitForFunction(() => {
    const sections = document.querySelectorAll("main.operator section");
    const isBusy = document.querySelector('main.operator [aria-busy="true"]') !== null;
    return sections.length >= 6 && !isBusy ? performance.now() : false;
  });
  const readyMs = Number(await ready.jsonValue());
  const problems = await page.getByRole("alert").count();
  if (problems > 0) throw new Error(`The page says: ${await page.getByRole("alert").first().textContent()}`);
  const clickMs = await timeOf(async () => {
    await page
      .getByRole("button", { name: /^Table: / })
      .first()
      .click();
    await page.getByRole("row").first().waitFor();
  });
  return { readyMs, clickMs };
}
