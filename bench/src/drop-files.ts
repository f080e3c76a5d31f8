import type { Page } from "@playwright/test";
import { cutFiles } from "../page/cut-files.ts";
import type { Workload } from "./workload.ts";

/**
 * Cuts the files beforehand, which is not to be measured.
 *
 * @returns Gives them to the demo's file picker, all at once.
 */
export async function dropFiles(page: Page, path: string, workload: Workload): Promise<() => Promise<void>> {
  await page.evaluate(() =>
    document.body.insertAdjacentHTML("beforeend", '<input type="file" id="source" hidden>'),
  );
  await page.locator("#source").setInputFiles(path);
  const cut = await page.evaluateHandle(`(${cutFiles.toString()})`);
  await page.evaluate(
    async ({ cut, count, size }) => {
      const source = document.querySelector<HTMLInputElement>("#source")?.files?.[0];
      if (source === undefined) throw new Error("no file");
      const transfer = new DataTransfer();
      for (const file of await (cut as typeof cutFiles)(source, count, size)) transfer.items.add(file);
      Object.assign(window, { dropped: transfer.files });
    },
    { cut, ...workload },
  );
  return () =>
    page.evaluate(() => {
      const input = document.querySelector<HTMLInputElement>(".uppy-Dashboard-input:not([webkitdirectory])");
      if (input === null) throw new Error("no file picker");
      input.files = (window as unknown as { dropped: FileList }).dropped;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
}
