import { setTimeout as delay } from "node:timers/promises";
import { preparePage, runUpload } from "./bench-page.ts";
import type { RunOptions } from "./measure-run.ts";
import { withBrowser } from "./with-browser.ts";
import { totalBytes } from "./workload.ts";

export interface ResumeRun {
  /** Share of the file's bytes that had crossed the link. */
  reloadedAt: number;
  /** What crossed the link over the file's own bytes; some kilobytes of it are the page, loaded again. */
  sentTwice: number;
  /** From picking the file again to its being stored. */
  secondsAfter: number;
}

/** Reloads the page in mid-upload, picks the same file again, and counts what crosses the link in both lives. */
export async function measureResume(options: RunOptions, moment: number): Promise<ResumeRun> {
  const { place, link, profile, contender, server, workload, path, timeoutMs, seed } = options;
  const settings = await server.settings(workload);
  const size = totalBytes(workload);
  const sent = async () => (await link.sentBytes()) ?? Number.NaN;
  await link.set(profile, seed);
  return await withBrowser(link, timeoutMs, async (browser) => {
    const page = await browser.newPage();
    await page.goto(place.pageUrl);
    await preparePage(page, contender, settings, workload, path);
    const before = await sent();
    // The reload ends it, which is what is meant.
    void runUpload(page).catch(() => undefined);
    while ((await sent()) - before < moment * size) await delay(20);
    await page.reload();
    const reloadedAt = ((await sent()) - before) / size;
    await preparePage(page, contender, settings, workload, path);
    const secondsAfter = await runUpload(page);
    return { reloadedAt, sentTwice: (await sent()) - before - size, secondsAfter };
  });
}
