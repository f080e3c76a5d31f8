import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

const HOLDER = fileURLToPath(new URL("lock-holder.ts", import.meta.url));
const CONTENDERS = 8;

it("lets exactly one of many processes take over from one that was killed, again and again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lock-race-"));
  try {
    for (let round = 0; round < 3; round++) {
      const contenders = Array.from({ length: CONTENDERS }, () => contend(directory));
      try {
        for (const { next } of contenders) expect(await next()).toBe("waiting");
        for (const { process } of contenders) process.stdin.write("go\n");
        const outcomes = await Promise.all(contenders.map(async ({ next }) => await next()));
        expect(outcomes.filter((outcome) => outcome === "held")).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === "refused")).toHaveLength(CONTENDERS - 1);
        expect(readdirSync(directory)).toHaveLength(1);
      } finally {
        // Killed: the next round finds a lock whose holder is gone.
        await Promise.all(contenders.map(async ({ kill }) => await kill()));
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function contend(directory: string) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [HOLDER, directory]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    next: async () => (await lines.next()).value,
    kill: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
