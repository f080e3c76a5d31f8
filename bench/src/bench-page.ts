import type { Page } from "@playwright/test";
import type { Bench } from "../page/main.ts";
import type { Contender } from "./contenders/contender.ts";
import type { Workload } from "./workload.ts";

/** Does all that a page does before anyone picks a file. @param path On disk; what the files are cut from. */
export async function preparePage(
  page: Page,
  contender: Contender,
  settings: Record<string, unknown>,
  workload: Workload,
  path: string,
): Promise<void> {
  await page.locator("input").setInputFiles(path);
  await page.evaluate(
    async ({ name, settings, count, size }) => {
      // As `page/main.ts` puts it there.
      const { bench } = window as unknown as { bench: Bench };
      await bench.prepare(name, settings, count, size);
    },
    { name: contender.name, settings, ...workload },
  );
}

/** @returns Seconds. */
export async function runUpload(page: Page): Promise<number> {
  return await page.evaluate(() => (window as unknown as { bench: Bench }).bench.run());
}
