import { CHROMIUM } from "@audiotricks/e2e/chromium";
import { chromium } from "@playwright/test";
import type { Bench } from "../page/main.ts";
import type { Contender, ContenderServer } from "./contenders/contender.ts";
import { interruption } from "./interruption.ts";
import type { Link, LinkProfile } from "./link/link.ts";
import type { Place } from "./place.ts";
import { watchMemory } from "./resident-memory.ts";
import { totalBytes, type Workload } from "./workload.ts";

export interface Run {
  seconds: number;
  /** Requests to the contender's own server, not counting those that carry the file's bytes. */
  controlRequests: number;
  /** What crossed the link over the files' own bytes: headers, control requests, and what was sent twice. */
  extraBytes: number | null;
  /** MiB of the page's process over idle. */
  peakMemory: number | null;
}

export interface RunOptions {
  place: Place;
  link: Link;
  profile: LinkProfile | null;
  contender: Contender;
  server: ContenderServer;
  workload: Workload;
  /** On disk; at least as long as all files together. */
  path: string;
  timeoutMs: number;
}

/** One upload in a browser of its own, from the files being given to the contender saying that they are stored. */
export async function measureRun(options: RunOptions): Promise<Run> {
  const { place, link, profile, contender, server, workload, path, timeoutMs } = options;
  const settings = await server.settings(workload);
  await link.set(profile);
  const browser = await chromium.launch({
    ...link.launchOptions(CHROMIUM),
    // Ctrl-C is ours to answer: servers have to be ended too.
    handleSIGINT: false,
    handleSIGTERM: false,
  });
  // Ends the wait for a page that never settles: everything that waits for it then fails.
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void browser.close();
  }, timeoutMs);
  const close = () => void browser.close();
  interruption.addEventListener("abort", close);
  try {
    const page = await browser.newPage();
    let controlRequests = 0;
    await page.goto(place.pageUrl);
    await page.locator("input").setInputFiles(path);
    await page.evaluate(
      async ({ name, settings, count, size }) => {
        const { bench } = window as unknown as { bench: Bench };
        await bench.prepare(name, settings, count, size);
      },
      { name: contender.name, settings, ...workload },
    );
    page.on("request", (request) => {
      const isControl = request.method() !== "PATCH" && new URL(request.url()).origin === server.origin;
      if (isControl) controlRequests += 1;
    });
    const memory = await watchMemory(browser);
    const before = await link.sentBytes();
    const seconds = await page.evaluate(() => (window as unknown as { bench: Bench }).bench.run());
    const after = await link.sentBytes();
    const peakMemory = await memory.peak();
    const extraBytes = before === null || after === null ? null : after - before - totalBytes(workload);
    return { seconds, controlRequests, extraBytes, peakMemory };
  } catch (error) {
    if (isLate) throw new Error(`not finished within ${timeoutMs / 1000} s`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
    interruption.removeEventListener("abort", close);
    await browser.close();
    // Whatever became of it, nothing of it is to be there in the next run.
    await link.set(null);
  }
}
