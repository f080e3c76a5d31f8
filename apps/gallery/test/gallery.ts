/* oxlint-disable no-empty-pattern -- Playwright wants the pattern. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test as base, type Page } from "@playwright/test";
import { preview } from "vite";

const outDir = join(import.meta.dirname, "../dist");

/** A state of the gallery, as Storybook lists it. */
export interface State {
  id: string;
  title: string;
  name: string;
}

/** All there are, of the gallery as it was built. */
export function listStates(): State[] {
  const { entries } = JSON.parse(readFileSync(join(outDir, "index.json"), "utf8")) as {
    entries: Record<string, State & { type: string }>;
  };
  return Object.values(entries).filter(({ type }) => type === "story");
}

export interface GalleryOption {
  /** Where the built gallery is served. */
  galleryUrl: string;
}

export const test = base.extend<object, GalleryOption>({
  galleryUrl: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants the pattern.
    async ({}, use) => {
      const site = await preview({
        root: join(import.meta.dirname, ".."),
        configFile: false,
        logLevel: "error",
        build: { outDir },
        preview: { host: "127.0.0.1", port: 0 },
      });
      await use(site.resolvedUrls?.local[0] ?? "");
      await site.close();
    },
    { scope: "worker" },
  ],
});

/** Opens a state without the gallery around it, and waits until it stands still. */
export async function openState(
  page: Page,
  url: string,
  { id }: Pick<State, "id">,
  language: string,
): Promise<void> {
  await page.goto(`${url}iframe.html?viewMode=story&id=${id}&globals=width:100!25;language:${language}`);
  await page.locator("main.frame").waitFor();
  await settle(page);
}

/** Answers, fonts, covers and what a state does by itself have arrived when nothing changed for a while. */
export async function settle(page: Page, quietMs = 350): Promise<void> {
  await page.evaluate(async (ms) => {
    await document.fonts.ready;
    let timer: ReturnType<typeof setTimeout>;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, ms);
    };
    const observer = new MutationObserver(wait);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    wait();
    await promise;
    observer.disconnect();
    // A colour that fades into another is neither.
    const fading = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(fading.map(({ finished }) => finished));
  }, quietMs);
}
