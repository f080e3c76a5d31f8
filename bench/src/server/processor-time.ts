import { readdir, readFile } from "node:fs/promises";

/** Of `/proc/PID/stat`: 100 a second on every Linux there is. */
const TICK_MS = 10;

/** Milliseconds of processor that a process has had, and with it all that it has started and still has or outlived. */
export async function processorMs(pid: number): Promise<number> {
  const own = await readStat(String(pid));
  if (own === undefined) throw new Error(`no process ${pid}`);
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const others = await Promise.all(numbers.map(readStat));
  const children = others.filter((stat) => stat?.parent === pid).map((stat) => stat?.ticks ?? 0);
  return (own.ticks + own.ticksOfEnded + children.reduce((sum, ticks) => sum + ticks, 0)) * TICK_MS;
}

async function readStat(
  pid: string,
): Promise<{ parent: number; ticks: number; ticksOfEnded: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  // The name before it may have spaces in it; the first field here is the third.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
    (index) => fields[index],
  );
  return { parent, ticks: user + system, ticksOfEnded: endedUser + endedSystem };
}
