import type { Browser, CDPSession, Page } from "@playwright/test";

export interface FrameReport {
  /** Milliseconds between two frames, at most. */
  longestGap: number;
  gapsOver50: number;
  /** Milliseconds of the longest task of the page's main thread; one that the machine held up counts in full. */
  longestTask: number;
  /** Milliseconds of processor: of the main thread, and of all of the browser's processes. */
  mainThread: number;
  allProcesses: number;
}

interface PageWatch {
  longestGap: number;
  gapsOver50: number;
  longestTask: number;
}

/** Watches a page's frames until it is asked for what it saw. */
export interface FrameWatch {
  end(): Promise<FrameReport>;
}

/**
 * @param doFrames Whether a frame is asked for all the time: without, there are no gaps to be seen, and nothing but the page's
 *   own work costs anything.
 */
export async function watchFrames(browser: Browser, page: Page, doFrames: boolean): Promise<FrameWatch> {
  const target = await page.context().newCDPSession(page);
  const root = await browser.newBrowserCDPSession();
  await target.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.evaluate(watchInPage, doFrames);
  const before = { main: await mainThreadMs(target), all: await processorMs(root) };
  return {
    async end() {
      const main = (await mainThreadMs(target)) - before.main;
      const all = (await processorMs(root)) - before.all;
      const seen = await page.evaluate(() => (window as unknown as { frameWatch: PageWatch }).frameWatch);
      await Promise.all([target.detach(), root.detach()]);
      return { ...seen, mainThread: main, allProcesses: all };
    },
  };
}

/** Runs in the page. */
function watchInPage(doFrames: boolean): void {
  const seen: PageWatch = { longestGap: 0, gapsOver50: 0, longestTask: 0 };
  Object.assign(window, { frameWatch: seen });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longestTask = Math.max(seen.longestTask, duration);
  }).observe({ type: "longtask" });
  if (!doFrames) return;
  let last: number | undefined;
  const onFrame = (): void => {
    // Not the time that the browser hands over: that is when the frame was due.
    const now = performance.now();
    const gap = last === undefined ? 0 : now - last;
    last = now;
    seen.longestGap = Math.max(seen.longestGap, gap);
    if (gap > 50) seen.gapsOver50 += 1;
    requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);
}

async function mainThreadMs(target: CDPSession): Promise<number> {
  const { metrics } = await target.send("Performance.getMetrics");
  return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
}

async function processorMs(root: CDPSession): Promise<number> {
  const { processInfo } = await root.send("SystemInfo.getProcessInfo");
  return 1000 * processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}
