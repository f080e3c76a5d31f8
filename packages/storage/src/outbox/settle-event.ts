import type { Kysely, UpdateObject } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";
import type { ClaimedEvent } from "./claim-event.ts";

interface Context {
  db: Kysely<Database>;
  clock: Clock;
}

/** Of each: nothing if another worker has taken the event over meanwhile; then it is theirs to settle. */
export async function settleDelivered(context: Context, event: ClaimedEvent): Promise<void> {
  await settle(context, event, { status: "delivered", settled_at: context.clock.now(), last_error: null });
}

export async function settleRetry(
  context: Context,
  event: ClaimedEvent,
  { reason, delayMs }: { reason: string; delayMs: number },
): Promise<void> {
  await settle(context, event, { next_attempt_at: context.clock.in(delayMs), last_error: reason });
}

/** @returns Whether it was ours to give up. */
export async function settleDead(context: Context, event: ClaimedEvent, reason: string): Promise<boolean> {
  return settle(context, event, { status: "dead", settled_at: context.clock.now(), last_error: reason });
}

/** As if it had not been claimed: the next worker need not wait. */
export async function letEventGo(context: Context, event: ClaimedEvent): Promise<void> {
  await settle(context, event, { next_attempt_at: context.clock.now(), attempts: event.attempts - 1 });
}

async function settle(
  { db }: Context,
  event: ClaimedEvent,
  change: UpdateObject<Database, "outbox_events">,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("outbox_events")
    .set({ ...change, lease_token: null })
    .where("id", "=", event.id)
    .where("status", "=", "pending")
    .where("lease_token", "=", event.token)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
