import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { environment, temporaryDirectory } from "./server-process.ts";

const ROOT = join(import.meta.dirname, "../../..");

it.each(["SIGINT", "SIGTERM"] as const)(
  "npm start ends cleanly when npm alone is told %s",
  async (signal) => {
    using directory = temporaryDirectory();
    const env = environment({ DATA_DIR: join(directory.path, "data") });
    // A group of its own, so that whatever stays behind can be ended.
    const npm = spawn("npm", ["start"], {
      cwd: ROOT,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      let url: string | undefined;
      let output = "";
      for await (const text of npm.stdout.setEncoding("utf8")) {
        output += String(text);
        url = /^ {2}AudioTricks uploads: (\S+)$/m.exec(output)?.[1];
        if (url !== undefined) break;
      }
      const ended = once(npm, "exit");
      npm.kill(signal);
      const late = AbortSignal.timeout(10_000);
      await Promise.race([ended, once(late, "abort").then(() => Promise.reject(new Error("still running")))]);
      await expect(fetch(`${url}/healthz`)).rejects.toThrow("fetch failed");
    } finally {
      if (npm.pid !== undefined) endGroup(npm.pid);
    }
  },
  180_000,
);

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
