// Whether a page stays alive while it uploads, and what showing progress costs: `node bench/src/frames.ts --help`.
import { parseArgs } from "node:util";
import { openEmbeddedStack } from "@audiotricks/e2e/embedded-stack";
import { CHROMIUM } from "@audiotricks/testing/chromium";
import { chromium, type Page } from "@playwright/test";
import { Api } from "./api.ts";
import { preparePage, runUpload } from "./bench-page.ts";
import { engine } from "./contenders/engine.ts";
import { dropFiles } from "./drop-files.ts";
import { type FrameReport, watchFrames } from "./frame-watch.ts";
import { openInstantStack } from "./instant-stack.ts";
import { serveBenchPage } from "./serve-bench-page.ts";
import { withFile } from "./with-file.ts";
import type { Workload } from "./workload.ts";

const PAGES = ["demo", "plugin"];
const { values } = parseArgs({
  options: {
    files: { type: "string", default: "1000" },
    size: { type: "string", default: "1048576" },
    rounds: { type: "string", default: "1" },
    only: { type: "string", default: PAGES.join(",") },
    /** A companion and a store that answer at once: with thousands of files, less is measured of the server. */
    instant: { type: "boolean", default: false },
    /** Asks for no frames: less is measured, and nothing is paid for measuring. */
    "cpu-only": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const USAGE =
  "node bench/src/frames.ts [--files 1000] [--size 1048576] [--rounds 1] [--only demo,plugin] [--instant] [--cpu-only]";
if (values.help) {
  console.log(USAGE);
  process.exit();
}
const workload: Workload = { count: wholeNumber(values.files), size: wholeNumber(values.size) };
const doFrames = !values["cpu-only"];

await withFile(workload.count * workload.size + 44, async (path) => {
  console.log(`${workload.count} files of ${workload.size} bytes; milliseconds`);
  console.log("page     longest frame  over 50  longest task  main thread CPU  browser CPU  seconds");
  for (let round = 0; round < wholeNumber(values.rounds); round++) {
    for (const name of values.only.split(",")) {
      // Of its own, so that a store that fills up slows nobody who comes later.
      await using stack = await (values.instant ? openInstantStack() : openEmbeddedStack());
      await using site = name === "plugin" ? await serveBenchPage(stack.guestPort) : undefined;
      const browser = await chromium.launch(CHROMIUM);
      try {
        const page = await browser.newPage();
        const upload =
          site === undefined
            ? await openDemo(page, stack.server.url, path)
            : await openPluginAlone(page, stack.server.url, stack.guestPort, path);
        const watch = await watchFrames(browser, page, doFrames);
        const begunAt = performance.now();
        await upload();
        const seconds = (performance.now() - begunAt) / 1000;
        print(name, await watch.end(), seconds);
      } finally {
        await browser.close();
      }
    }
  }
});

/** The widget, as people see it. @returns Drops the files, and waits until the page says that they are stored. */
async function openDemo(page: Page, url: string, path: string): Promise<() => Promise<void>> {
  await page.goto(url);
  await page.getByRole("button", { name: "Sign in as alpha" }).click();
  await page.getByRole("button", { name: "Choose audio files" }).waitFor();
  const drop = await dropFiles(page, path, workload);
  return async () => {
    await drop();
    // Looked for in the page, and seldom: looking by role costs as much as what is measured.
    await page.waitForFunction(
      () => document.querySelector(".at-summary-actions")?.textContent === "Clear list",
      undefined,
      { polling: 250, timeout: 1_800_000 },
    );
  };
}

/** Uppy's core and our plugin, and nothing that shows anything. */
async function openPluginAlone(
  page: Page,
  url: string,
  guestPort: number,
  path: string,
): Promise<() => Promise<unknown>> {
  await page.goto(`http://127.0.0.1:${guestPort}`);
  const { token } = await Api.signIn(url);
  await preparePage(page, engine, { companionUrl: url, token }, workload, path);
  return () => runUpload(page);
}

function print(name: string, report: FrameReport, seconds: number): void {
  const gaps = doFrames ? [report.longestGap.toFixed(0), String(report.gapsOver50)] : ["–", "–"];
  const rest = [report.longestTask, report.mainThread, report.allProcesses].map((ms) => ms.toFixed(0));
  const [gap = "", over = "", task = "", main = "", all = ""] = [...gaps, ...rest];
  console.log(
    `${name.padEnd(8)} ${gap.padStart(13)} ${over.padStart(8)} ${task.padStart(13)} ${main.padStart(16)} ${all.padStart(12)} ${seconds.toFixed(1).padStart(8)}`,
  );
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(USAGE);
  return number;
}
