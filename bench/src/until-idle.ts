import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

const LOOK_EVERY_MS = 500;
/** Share of the processor that may be at work: a gateway and a database are never quite still. */
const MOST_BUSY = 0.05;
const MOST_LOOKS = 60;

/** Until what came before is cleared away, so that it does not count against what comes next: half a minute at most. */
export async function untilIdle(): Promise<void> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const before = times();
    await delay(LOOK_EVERY_MS);
    const after = times();
    if ((after.busy - before.busy) / (after.all - before.all) <= MOST_BUSY) return;
  }
}

function times(): { busy: number; all: number } {
  let busy = 0;
  let all = 0;
  for (const { times: of } of cpus()) {
    const working = of.user + of.nice + of.sys + of.irq;
    busy += working;
    all += working + of.idle;
  }
  return { busy, all };
}
