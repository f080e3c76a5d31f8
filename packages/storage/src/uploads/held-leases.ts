import type { Kysely } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";
import type { Lease } from "./lease.ts";

/** The leases that this process keeps alive right now. */
export interface HeldLeases {
  /** @returns Ends it, when the work is over. */
  hold(leases: readonly Lease[], keepAlive: NodeJS.Timeout): () => void;
  /**
   * Lets go of all at once, for a process that is about to end in the middle of work: others need not wait for the leases to
   * run out. What it still does under them counts for nothing, as after any takeover.
   */
  releaseAll(): Promise<void>;
}

export function createHeldLeases({ db, clock }: { db: Kysely<Database>; clock: Clock }): HeldLeases {
  const held = new Map<Lease, NodeJS.Timeout>();
  return {
    hold: (leases, keepAlive) => {
      for (const lease of leases) held.set(lease, keepAlive);
      return () => {
        clearInterval(keepAlive);
        for (const lease of leases) held.delete(lease);
      };
    },
    releaseAll: async () => {
      const leases = [...held.keys()];
      for (const keepAlive of held.values()) clearInterval(keepAlive);
      held.clear();
      if (leases.length === 0) return;
      const ids = leases.map(({ sessionId }) => sessionId);
      const tokens = leases.map(({ token }) => token);
      await db
        .updateTable("multipart_uploads")
        .set({ lease_expires_at: clock.now() })
        .where("id", "in", (eb) =>
          // What somebody is changing runs out by itself: of those that a host deletes, none is waited for while others are held.
          eb
            .selectFrom("multipart_uploads as u")
            .select("u.id")
            .where("u.id", "in", ids)
            .orderBy("u.id")
            .forUpdate()
            .skipLocked(),
        )
        .where("lease_token", "in", tokens)
        .where("status", "in", ["creating", "completing", "aborting"])
        .execute();
    },
  };
}
