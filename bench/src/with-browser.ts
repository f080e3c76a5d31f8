import { CHROMIUM } from "@audiotricks/testing/chromium";
import { type Browser, chromium } from "@playwright/test";
import { interruption } from "./interruption.ts";
import type { Link } from "./link/link.ts";

/** A fresh browser at the near end of the link, for as long as the work takes and no longer than so many milliseconds. */
export async function withBrowser<Result>(
  link: Link,
  timeoutMs: number,
  work: (browser: Browser) => Promise<Result>,
): Promise<Result> {
  const browser = await chromium.launch({
    ...link.launchOptions(CHROMIUM),
    // Ctrl-C is ours to answer: servers have to be ended too.
    handleSIGINT: false,
    handleSIGTERM: false,
  });
  // Whoever waits for a page that never settles fails when the browser goes.
  const close = () => void browser.close();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    close();
  }, timeoutMs);
  interruption.addEventListener("abort", close);
  try {
    return await work(browser);
  } catch (error) {
    if (isLate) throw new Error(`not finished within ${Math.round(timeoutMs / 1000)} s`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
    interruption.removeEventListener("abort", close);
    await browser.close();
  }
}
