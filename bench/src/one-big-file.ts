import { CHROMIUM } from "@audiotricks/e2e/chromium";
import type { Stack } from "@audiotricks/e2e/stack";
import { type Browser, chromium, type Page } from "@playwright/test";
import { Api } from "./api.ts";

const LANES = 6;

export interface BigFileResult {
  /** Seconds. */
  engine: number;
  plain: number;
  /** Requests to the companion from the first byte asked for to the file being stored. */
  controlRequests: number;
}

/**
 * One file through the widget, and the same file by plain parallel PUTs to URLs signed beforehand, in turns and in a
 * fresh browser each: the ceiling hashes nothing, asks nobody and proves nothing.
 */
export async function* oneBigFile(
  stack: Stack,
  path: string,
  size: number,
  rounds: number,
): AsyncGenerator<BigFileResult> {
  for (let round = 0; round < rounds; round++) {
    const plain = await inBrowser((page) => plainPuts(page, stack, path, size));
    const { seconds, controlRequests } = await inBrowser((page) => throughTheWidget(page, stack, path));
    yield { engine: seconds, plain, controlRequests };
  }
}

async function throughTheWidget(page: Page, stack: Stack, path: string) {
  await page.goto(stack.server.url);
  await page.getByRole("button", { name: "Sign in as alpha" }).click();
  await page.getByRole("button", { name: "Choose audio files" }).waitFor();
  let begun = 0;
  let controlRequests = 0;
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (!pathname.startsWith("/v1/uploads")) return;
    begun ||= performance.now();
    controlRequests += 1;
  });
  const stored = page.waitForResponse(
    (answer) => answer.url().endsWith("/complete") && answer.status() === 200,
    { timeout: 300_000 },
  );
  await page.locator(".uppy-Dashboard-input:not([webkitdirectory])").first().setInputFiles(path);
  await stored;
  const seconds = (performance.now() - begun) / 1000;
  await (await Api.signIn(stack.server.url)).deleteAll();
  return { seconds, controlRequests };
}

async function plainPuts(page: Page, stack: Stack, path: string, size: number): Promise<number> {
  const api = await Api.signIn(stack.server.url);
  const [session] = await api.createUploads([size]);
  if (session === undefined) throw new Error("no session");
  const urls = (await api.signAll(session)).map(({ url }) => url);
  await page.goto(stack.server.url);
  await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<input type="file" id="plain">'));
  await page.locator("#plain").setInputFiles(path);
  const seconds = await page.evaluate(
    async ({ urls, partSize, lanes }) => {
      const file = document.querySelector<HTMLInputElement>("#plain")?.files?.[0];
      if (file === undefined) throw new Error("no file");
      const begun = performance.now();
      let next = 0;
      const lane = async (): Promise<void> => {
        for (let index = next++; index < urls.length; index = next++) {
          const url = urls[index] ?? "";
          const body = file.slice(index * partSize, (index + 1) * partSize);
          const answer = await fetch(url, { method: "PUT", body });
          if (!answer.ok) throw new Error(`${answer.status}`);
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      return (performance.now() - begun) / 1000;
    },
    { urls, partSize: session.partSize, lanes: LANES },
  );
  await api.cancel(session.sessionId);
  return seconds;
}

async function inBrowser<Result>(work: (page: Page) => Promise<Result>): Promise<Result> {
  const browser: Browser = await chromium.launch(CHROMIUM);
  try {
    return await work(await browser.newPage());
  } finally {
    await browser.close();
  }
}
