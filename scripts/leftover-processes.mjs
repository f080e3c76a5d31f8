import { readdirSync, readFileSync } from "node:fs";

/**
 * Processes that still run and carry `NAME=value` in the environment they were started with: ours, wherever they went.
 * Linux only; elsewhere none are found.
 *
 * @returns {{ pid: number, command: string }[]}
 */
export function leftoverProcesses(name, value) {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        if (!environment.includes(`${name}=${value}`)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        // An ended process whose parent has not looked yet has no command line.
        return command === "" ? [] : [{ pid: Number(pid), command }];
      } catch {
        return []; // gone, or someone else's
      }
    });
}
