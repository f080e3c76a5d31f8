import type { Stack } from "@audiotricks/e2e/stack";
import { CHROMIUM } from "@audiotricks/testing/chromium";
import { chromium } from "@playwright/test";
import { Api } from "./api.ts";
import { inBareBrowser } from "./bare-browser.ts";
import { untilIdle } from "./until-idle.ts";

const LANES = 6;
/** Of Uppy's two, the one that picks files and not folders. */
const PICKER = ".uppy-Dashboard-input:not([webkitdirectory])";

export interface BigFileResult {
  /** Seconds. */
  engine: number;
  plain: number;
}

/**
 * One file through the widget, and the same file by plain parallel PUTs to URLs signed beforehand, in turns and in a
 * fresh browser each: the ceiling hashes nothing, asks nobody and proves nothing. An empty store is faster, and one that clears
 * away what came before is slower: a first time counts for nobody, all wait for rest, and who goes first changes.
 */
export async function* oneBigFile(
  stack: Stack,
  path: string,
  size: number,
  rounds: number,
): AsyncGenerator<BigFileResult> {
  await plainPuts(stack, path, size);
  for (let round = 0; round < rounds; round++) {
    const before = round % 2 === 0 ? await plainPuts(stack, path, size) : undefined;
    const engine = await throughTheWidget(stack, path);
    yield { engine, plain: before ?? (await plainPuts(stack, path, size)) };
  }
}

/** From the file being picked to the widget saying that it is stored. */
async function throughTheWidget(stack: Stack, path: string): Promise<number> {
  await untilIdle();
  const seconds = await inBareBrowser(async (page) => {
    await page.open(stack.server.url);
    await page.run(async (picker) => {
      const until = async <T>(find: () => T | null | undefined): Promise<T> => {
        for (let tries = 0; tries < 600; tries++) {
          const found = find();
          if (found) return found;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error("The demo does not look as expected");
      };
      const buttons = () => [...document.querySelectorAll("button")];
      (await until(() => buttons().find((it) => /sign in as alpha/i.test(it.textContent)))).click();
      await until(() => document.querySelector(picker));
      const seen = window as unknown as { seconds: Promise<number> };
      seen.seconds = new Promise((resolve, reject) => {
        let begun = 0;
        document.addEventListener("change", () => (begun ||= performance.now()), { capture: true });
        new MutationObserver(() => {
          if (document.querySelector('.at-row[data-status="done"]') !== null)
            resolve((performance.now() - begun) / 1000);
          if (document.querySelector('.at-row[data-status="failed"]') !== null)
            reject(new Error("not uploaded"));
        }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["data-status"] });
      });
    }, PICKER);
    await page.pick(PICKER, path);
    return page.run(() => (window as unknown as { seconds: Promise<number> }).seconds, null);
  });
  await (await Api.signIn(stack.server.url)).deleteAll();
  return seconds;
}

async function plainPuts(stack: Stack, path: string, size: number): Promise<number> {
  const api = await Api.signIn(stack.server.url);
  const [session] = await api.createUploads([size]);
  if (session === undefined) throw new Error("no session");
  const urls = (await api.signAll(session)).map(({ url }) => url);
  await untilIdle();
  const seconds = await inBareBrowser(async (page) => {
    await page.open(stack.server.url);
    await page.run(
      () => document.body.insertAdjacentHTML("beforeend", '<input type="file" id="plain">'),
      null,
    );
    await page.pick("#plain", path);
    return page.run(
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
  });
  await api.cancel(session.sessionId);
  return seconds;
}

/** Requests to the companion from the first byte asked for to the file being stored. */
export async function countControlRequests(stack: Stack, path: string): Promise<number> {
  const browser = await chromium.launch(CHROMIUM);
  try {
    const page = await browser.newPage();
    await page.goto(stack.server.url);
    await page.getByRole("button", { name: "Sign in as alpha" }).click();
    await page.getByRole("button", { name: "Choose audio files" }).waitFor();
    let requests = 0;
    page.on("request", (request) => {
      if (new URL(request.url()).pathname.startsWith("/v1/uploads")) requests += 1;
    });
    await page.locator(PICKER).first().setInputFiles(path);
    await page.locator('.at-row[data-status="done"]').waitFor({ timeout: 300_000 });
    return requests;
  } finally {
    await browser.close();
    await (await Api.signIn(stack.server.url)).deleteAll();
  }
}
