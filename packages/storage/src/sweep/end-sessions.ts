import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { abortAtStore } from "../uploads/abort-at-store.ts";
import { claimForAborting } from "../uploads/lease.ts";
import { settleAsked } from "../uploads/settle-asked.ts";
import { goOnCompleting } from "./go-on-completing.ts";
import { type RowWork, sweepRows } from "./rows.ts";
import type { Step } from "./step.ts";

/** Goes on with completions that nobody works on any more. */
export function complete(): Step {
  return sweepRows({
    id: "complete",
    find: (turn, asked) => findFree("completing", turn, asked),
    one: async ({ context, report }, sessionId) => {
      if (await goOnCompleting(context, sessionId)) report.sessionsCompleted++;
    },
  });
}

/**
 * Looks whether the object is there of sessions whose time is up and of which the store was asked to make it; one of which the
 * store cannot say is looked at once by each sweep.
 */
export function settleAskedOnce(): Step {
  return sweepRows({
    id: "asked",
    find: findAsked,
    one: async ({ context, report }, sessionId) => {
      if (await settleAsked(context, sessionId)) report.sessionsCompleted++;
    },
  });
}

/** Takes away what `aborting` sessions have at the store. */
export function abort(): Step {
  return sweepRows({
    id: "abort",
    follows: "expire",
    find: (turn, asked) => findFree("aborting", turn, asked),
    one: async ({ context, report }, sessionId) => {
      const lease = await claimForAborting(context, sessionId, ["aborting"]);
      if (lease === undefined) return;
      if (await abortAtStore(context, sessionId, lease)) report.sessionsAborted++;
      else throw new UploadError("storage_unavailable", "The store has not let go of the upload yet.");
    },
  });
}

type Find = RowWork["find"];

const findAsked: Find = async ({ context: { db, clock, settings } }, { tried, isByChance }) => {
  const rows = await db
    .selectFrom("multipart_uploads")
    .select("id")
    .where("status", "=", "active")
    .where("expires_at", "<=", clock.now())
    .where((eb) => eb.or([eb("complete_asked", "=", true), eb("put_etag", "is not", null)]))
    .where(sql<boolean>`id <> ALL (${tried}::uuid[])`)
    .orderBy(isByChance ? sql`random()` : "expires_at")
    .limit(settings.sweepBatch)
    .execute();
  return rows.map(({ id }) => id);
};

/**
 * Sessions in this state with nobody at them. Those looked at last come last, so none waits for ever; those that this
 * sweep has looked at are let go later than it began, so none comes twice.
 */
async function findFree(
  state: "completing" | "aborting",
  { context: { db, settings }, began }: Parameters<Find>[0],
  { tried, isByChance }: Parameters<Find>[1],
): Promise<string[]> {
  const rows = await db
    .selectFrom("multipart_uploads")
    .select("id")
    .where("status", "=", state)
    .where((eb) => {
      const isOver = eb("lease_expires_at", "<=", began);
      return state === "completing" ? isOver : eb.or([eb("lease_expires_at", "is", null), isOver]);
    })
    .where(sql<boolean>`id <> ALL (${tried}::uuid[])`)
    .orderBy(isByChance ? sql`random()` : sql`lease_expires_at NULLS FIRST`)
    .limit(settings.sweepBatch)
    .execute();
  return rows.map(({ id }) => id);
}
