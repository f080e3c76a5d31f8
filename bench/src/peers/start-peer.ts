import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PREFERRED_PART_SIZE } from "@audiotricks/protocol";
import type { Place } from "../place.ts";
import type { PeerEnvironment } from "./peer-environment.ts";

export interface Peer extends AsyncDisposable {
  origin: string;
  pid: number;
}

/** Runs a peer's server in a process of its own, as ours is. @param program In this folder. */
export async function startPeer(program: string, { bucket, pageUrl }: Place): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), "at-peer-"));
  const environment: PeerEnvironment = {
    bucket,
    pageOrigin: pageUrl,
    partSize: PREFERRED_PART_SIZE,
    folder,
  };
  const child = spawn(process.execPath, [join(import.meta.dirname, program)], {
    env: { ...process.env, NODE_ENV: "production", AT_BENCH_PEER: JSON.stringify(environment) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const lines = createInterface(child.stdout);
  try {
    const origin = await new Promise<string>((resolve, reject) => {
      // Stays: a pipe that nobody empties would stop the other end.
      lines.on("line", (line) => {
        const port = /^listening (\d+)$/.exec(line)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      });
      child.once("exit", () => reject(new Error(`${program} ended before it listened.`)));
      child.once("error", reject);
    });
    return { origin, pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
