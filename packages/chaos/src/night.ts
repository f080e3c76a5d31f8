import { createStorage, type Database, openProviders, readSpacesProvider } from "@audiotricks/storage";
import { Kysely, PostgresDialect } from "kysely";
import type { Pool } from "pg";
import type { Ledger } from "./ledger.ts";

const ROUNDS = 12;
const LATER_MS = 5 * 86_400_000;

/**
 * Sweeps until there is nothing left to do, five days later: every lease, session, grace and completion limit is over. The
 * one thing of ours that is called from inside, since nobody waits so long; what it leaves is looked at from the outside.
 */
export async function sweepLater(pool: Pool, env: Record<string, string>, ledger: Ledger): Promise<void> {
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const storage = createStorage({
    db,
    providers: await openProviders({ db, spaces: readSpacesProvider(env) }),
    now: () => new Date(Date.now() + LATER_MS),
    // These are by the store's clock, which nobody can put forward.
    settings: { leftoverGraceMs: 0, unknownGraceMs: 0, sweepMs: 60_000 },
  });
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const { failures, expiryHold, ...done } = await storage.sweep();
      const work = Object.entries(done).filter(([, count]) => count > 0);
      for (const [what, count] of work) ledger.count(`swept: ${what}`, count);
      if (round === ROUNDS)
        for (const { id, code, message } of failures)
          ledger.wrong(`the sweep leaves ${id}: ${code} ${message}`);
      if (expiryHold !== undefined) ledger.wrong(`the sweep holds files back: ${JSON.stringify(expiryHold)}`);
      if (work.length === 0 && failures.length === 0) break;
    }
    const { mismatches } = await storage.upkeep.recountUsage();
    for (const { scope, scopeId } of mismatches)
      ledger.wrong(`4: the recount finds ${scope} ${scopeId} to differ`);
  } finally {
    await storage.close();
  }
}
