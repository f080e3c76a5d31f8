import type { Page } from "@playwright/test";

/** Files are not looked into: neither the worker nor the page can load what does it. So they get as far as the server. */
export async function withoutPreflight(page: Page): Promise<void> {
  await page.route(/\/assets\/(?:preflight-worker|answer-question)-/, (route) => route.abort());
}
