import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { SweepReport } from "@audiotricks/storage";
import type { CompanionConfig } from "./open-companion.ts";

/** A companion in a process of its own. */
export interface CompanionProcess extends AsyncDisposable {
  port: number;
  pid: number;
  /** One sweep, as its job does it. */
  sweep(): Promise<SweepReport>;
}

export async function startCompanion(config: CompanionConfig): Promise<CompanionProcess> {
  const child = fork(join(import.meta.dirname, "companion-process.ts"), {
    env: { ...process.env, NODE_ENV: "production", AT_BENCH_COMPANION: JSON.stringify(config) },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const hear = async <Message>(): Promise<Message> => {
    const [message] = (await Promise.race([
      once(child, "message"),
      ended.then(() => Promise.reject(new Error("A companion ended."))),
    ])) as [Message];
    return message;
  };
  const { port } = await hear<{ port: number }>();
  return {
    port,
    pid: child.pid ?? 0,
    sweep: async () => {
      child.send("sweep");
      return (await hear<{ report: SweepReport }>()).report;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
