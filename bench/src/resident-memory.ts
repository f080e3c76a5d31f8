import { readFile, writeFile } from "node:fs/promises";
import type { Browser } from "@playwright/test";

const MIB_IN_KB = 1024;

/** Watches what a page's process holds in memory, over what it held idle. Linux only. */
export interface MemoryWatch {
  /** MiB over idle since the watch began; `null` where it cannot be known. */
  peak(): Promise<number | null>;
}

export async function watchMemory(browser: Browser): Promise<MemoryWatch> {
  if (process.platform !== "linux") return { peak: () => Promise.resolve(null) };
  const pids = await rendererPids(browser);
  // Forgets the peak that loading the page was.
  for (const pid of pids) await writeFile(`/proc/${pid}/clear_refs`, "5").catch(() => undefined);
  const idle = new Map<number, number>();
  for (const pid of pids) idle.set(pid, await residentMiB(pid, "VmRSS"));
  return {
    async peak() {
      const growth = [...idle].map(async ([pid, before]) => (await residentMiB(pid, "VmHWM")) - before);
      return Math.max(...(await Promise.all(growth)));
    },
  };
}

/** MiB now (`VmRSS`) or at most so far (`VmHWM`). */
export async function residentMiB(pid: number, field: "VmRSS" | "VmHWM" = "VmRSS"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? Number.NaN) / MIB_IN_KB;
}

async function rendererPids(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}
