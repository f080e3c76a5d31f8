import {
  createOutboxDelivery,
  type Database,
  listDeadLetters,
  replayDeadLetters,
} from "@audiotricks/storage";
import type { Kysely } from "kysely";
import type { Site } from "../site/site.ts";
import { runAs, running } from "../world/actor.ts";
import type { Companion } from "./companion.ts";

/** Fewer than in production, where giving up takes two days. */
export const MAX_ATTEMPTS = 3;

/** One round of a server's delivering, as its job has it: what the database's connection does to it is for the next round. */
export function createDeliverer(site: Site, db: Kysely<Database>): (signal?: AbortSignal) => Promise<void> {
  const { endpoint } = site.receiver;
  const deliver = createOutboxDelivery({ db, endpoint, lanes: 3, maxAttempts: MAX_ATTEMPTS });
  return async (signal) => {
    site.operations++;
    await unlessCut(async () => {
      const { dead } = await deliver(signal === undefined ? {} : { signal });
      for (const _ of dead) site.faults.note("given-up");
    });
  };
}

/** A person who looks at what was given up, and has it sent again. */
export async function replay(site: Site, { actor, db }: Companion): Promise<void> {
  const { random } = running();
  await runAs({ actor, random }, () =>
    unlessCut(async () => {
      const letters = await listDeadLetters(db);
      if (letters.length === 0) return;
      for (const { id, gaveUpAt } of letters) site.ledger.gaveUp(id, gaveUpAt.getTime());
      site.faults.note("replayed");
      await replayDeadLetters(
        db,
        letters.map(({ id }) => id),
      );
    }),
  );
}

export async function unlessCut(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as { code?: string }).code !== "ECONNRESET") throw error;
  }
}
