import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

/** The command as an operator has it: another process, which can be killed. */
const PROGRAM = join(
  dirname(createRequire(import.meta.url).resolve("@audiotricks/cli/package.json")),
  "src/main.ts",
);

export interface CommandOutcome {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** @param options.killAfterMs Ends it without a word, as a machine does that loses its power. */
export async function operate(
  words: readonly string[],
  options: { env: Record<string, string>; stdin?: string; killAfterMs?: number; signal: AbortSignal },
): Promise<CommandOutcome> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { PATH: process.env.PATH ?? "", ...options.env },
    signal: options.signal,
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  const ended = once(child, "close");
  const killing =
    options.killAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill("SIGKILL"), options.killAfterMs);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  clearTimeout(killing);
  return { exitCode: child.exitCode, stdout, stderr };
}
