import { preparePage, runUpload } from "./bench-page.ts";
import type { Contender, ContenderServer } from "./contenders/contender.ts";
import type { Link, LinkProfile } from "./link/link.ts";
import type { Place } from "./place.ts";
import { watchMemory } from "./resident-memory.ts";
import { withBrowser } from "./with-browser.ts";
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
  /** See `Link.set`. */
  seed: number;
}

/** One upload in a browser of its own, from the files being given to the contender saying that they are stored. */
export async function measureRun(options: RunOptions): Promise<Run> {
  const { place, link, profile, contender, server, workload, path, timeoutMs, seed } = options;
  const settings = await server.settings(workload);
  await link.set(profile, seed);
  return await withBrowser(link, timeoutMs, async (browser) => {
    const page = await browser.newPage();
    await page.goto(place.pageUrl);
    await preparePage(page, contender, settings, workload, path);
    let controlRequests = 0;
    page.on("request", (request) => {
      const isControl = request.method() !== "PATCH" && new URL(request.url()).origin === server.origin;
      if (isControl) controlRequests += 1;
    });
    const memory = await watchMemory(browser);
    const before = await link.sentBytes();
    const seconds = await runUpload(page);
    const after = await link.sentBytes();
    const peakMemory = await memory.peak();
    const extraBytes = before === null || after === null ? null : after - before - totalBytes(workload);
    return { seconds, controlRequests, extraBytes, peakMemory };
  });
}
