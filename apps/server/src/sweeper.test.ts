import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { expect, it } from "vitest";
import { startSweeper } from "./sweeper.ts";

const nothing = {
  expired: 0,
  sessionsAborted: 0,
  sessionsCompleted: 0,
  filesDeleted: 0,
  uploadsAborted: 0,
  temporaryDeleted: 0,
  failures: [],
};
const log = pino({ level: "silent" });

it("never sweeps twice at once, goes on after a failure, and stops in the middle of a sweep", async () => {
  let running = 0;
  let most = 0;
  let sweeps = 0;
  const sweeper = startSweeper(
    {
      sweep: async ({ signal } = {}) => {
        most = Math.max(most, ++running);
        try {
          if (++sweeps === 2) throw new Error("the database is away");
          await delay(sweeps < 4 ? 20 : 60_000, undefined, signal === undefined ? {} : { signal });
          return nothing;
        } finally {
          running--;
        }
      },
    },
    { intervalMs: 1, log },
  );
  await expect.poll(() => sweeps).toBe(4);
  await sweeper.stop();
  expect({ most, running, sweeps }).toEqual({ most: 1, running: 0, sweeps: 4 });
});
