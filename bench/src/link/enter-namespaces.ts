import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Tells the run inside where the link is; see `namespaceLink`. */
export const NAMESPACES = "AT_BENCH_NAMESPACES";

export interface Namespaces {
  /** Unix socket of the carrier. */
  socket: string;
  /** For `nsenter --net=`: where the browser lives. */
  client: string;
  congestionControl: string;
}

const CARRIER = join(import.meta.dirname, "carrier.py");

/** Why there can be no link with the kernel's own TCP here; `null` where there can. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== "linux") return "the other one needs Linux";
  if (process.getuid?.() !== 0) return "the other one needs root";
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return "the other one needs /dev/net/tun";
  }
  for (const program of ["python3", "ip", "nsenter"]) {
    if (spawnSync(program, ["--help"], { stdio: "ignore" }).error !== undefined)
      return `the other one needs ${program}`;
  }
  return null;
}

/**
 * Runs this program once more, inside the namespace of the servers, with a wire to that of the browser.
 * The carrier ends with us, and the namespaces with the last process in them.
 *
 * @returns The exit code.
 */
export async function runInNamespaces(congestionControl: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "at-link-"));
  const socket = join(folder, "carrier");
  const carrier = spawn("python3", [CARRIER, socket, congestionControl], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const { client, server } = await readPaths(carrier);
    const namespaces: Namespaces = { socket, client, congestionControl };
    const args = [`--net=${server}`, "--", process.execPath, ...process.argv.slice(1)];
    const inside = spawn("nsenter", args, {
      stdio: "inherit",
      env: { ...process.env, [NAMESPACES]: JSON.stringify(namespaces) },
    });
    // The terminal sends Ctrl-C to both; whoever else ends us ends the run inside, which tidies up.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => inside.kill("SIGTERM"));
    const [code] = (await once(inside, "exit")) as [number | null];
    return code ?? 1;
  } finally {
    carrier.stdin.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function readPaths(carrier: ChildProcess): Promise<{ client: string; server: string }> {
  if (carrier.stdout === null) throw new Error("The carrier has no output.");
  for await (const line of createInterface(carrier.stdout)) return JSON.parse(line);
  throw new Error("The carrier of the link ended at once.");
}
