import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A share of one processor's time, which a process cannot have more of. */
export interface Cap extends AsyncDisposable {
  /** By what. */
  means: "cgroup v2" | "cgroup v1" | "signals";
}

const PERIOD_US = 100_000;
const [V2, V1] = ["/sys/fs/cgroup", "/sys/fs/cgroup/cpu"];

/** By the kernel where we may make a group; else by stopping the process for the rest of each period. */
export async function capProcessor(pid: number, share: number): Promise<Cap> {
  const quota = Math.round(PERIOD_US * share);
  const name = `at-bench-${pid}`;
  if ((await readFile(join(V2, "cgroup.controllers"), "utf8").catch(() => "")).includes("cpu")) {
    const isOurs = await open(join(V2, name), pid, [["cpu.max", `${quota} ${PERIOD_US}`]]);
    if (isOurs) return { means: "cgroup v2", [Symbol.asyncDispose]: () => leave(V2, name) };
  }
  const isOurs = await open(join(V1, name), pid, [
    ["cpu.cfs_period_us", String(PERIOD_US)],
    ["cpu.cfs_quota_us", String(quota)],
  ]);
  if (isOurs) return { means: "cgroup v1", [Symbol.asyncDispose]: () => leave(V1, name) };
  return stopAndGo(pid, share);
}

async function open(folder: string, pid: number, limits: [string, string][]): Promise<boolean> {
  try {
    await mkdir(folder);
    for (const [file, value] of limits) await writeFile(join(folder, file), value);
    await writeFile(join(folder, "cgroup.procs"), String(pid));
    return true;
  } catch {
    await rmdir(folder).catch(() => undefined);
    return false;
  }
}

/** A group can go once its process is in another, or gone. */
async function leave(root: string, name: string): Promise<void> {
  const pids = (await readFile(join(root, name, "cgroup.procs"), "utf8"))
    .split("\n")
    .filter((pid) => pid !== "");
  for (const pid of pids) await writeFile(join(root, "cgroup.procs"), pid).catch(() => undefined);
  await rmdir(join(root, name));
}

function stopAndGo(pid: number, share: number): Cap {
  const period = PERIOD_US / 1000;
  let wake: NodeJS.Timeout | undefined;
  const tick = (): void => {
    process.kill(pid, "SIGCONT");
    wake = setTimeout(() => process.kill(pid, "SIGSTOP"), period * share);
  };
  const timer = setInterval(tick, period);
  return {
    means: "signals",
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      clearTimeout(wake);
      process.kill(pid, "SIGCONT");
      return Promise.resolve();
    },
  };
}
