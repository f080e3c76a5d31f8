import { type RawBuilder, sql } from "kysely";
import { finishDeleting } from "../files/delete-file.ts";
import { claimAccessChanges, isAccessDue, settleAccess } from "../files/settle-access.ts";
import { claimDeletions, isDeletionDue } from "./claim-deletions.ts";
import { type RowWork, sweepRows } from "./rows.ts";
import type { Step, Turn } from "./step.ts";

/** Carries out deletes that their callers left under way. */
export function finishDeletions(): Step {
  return sweepClaimed({
    id: "delete",
    follows: "expire",
    isDue: isDeletionDue,
    claim: claimDeletions,
    work: async ({ context, report }, file) => {
      await finishDeleting(context, file);
      report.filesDeleted++;
    },
  });
}

/** Lets the store show or hide files as their rows say. */
export function settleAccesses(): Step {
  return sweepClaimed({
    id: "access",
    isDue: isAccessDue,
    claim: claimAccessChanges,
    work: async ({ context, report }, change) => {
      await settleAccess(context, change);
      report.accessSettled++;
    },
  });
}

/** Files that are claimed before they are worked on, so that other sweeps keep away from them for a while. */
function sweepClaimed<Claim extends { id: string }>({
  id,
  isDue,
  claim,
  work,
  ...rest
}: {
  id: string;
  follows?: string;
  /** Of `file_storage f`. */
  isDue: (clock: Turn["context"]["clock"]) => RawBuilder<boolean>;
  claim: (context: Turn["context"], only?: string) => Promise<Claim[]>;
  work: (turn: Turn, claim: Claim) => Promise<void>;
}): Step {
  const rowWork: RowWork = {
    id,
    ...rest,
    batch: async (turn) => {
      const claims = await claim(turn.context);
      await turn.each(claims, (claimed) => work(turn, claimed));
      return claims.length;
    },
    find: async ({ context: { db, clock, settings } }, { tried }) => {
      const rows = await db
        .selectFrom("file_storage as f")
        .select("f.id")
        .where(isDue(clock))
        .where(sql<boolean>`f.id <> ALL (${tried}::uuid[])`)
        .orderBy(sql`random()`)
        .limit(settings.sweepBatch)
        .execute();
      return rows.map(({ id }) => id);
    },
    one: async (turn, id) => {
      for (const claimed of await claim(turn.context, id)) await work(turn, claimed);
    },
  };
  return sweepRows(rowWork);
}
