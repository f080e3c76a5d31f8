import { randomUUID } from "node:crypto";
import type { SessionState } from "@audiotricks/protocol";
import { beginAgain } from "../begin-again.ts";
import type { StorageContext } from "../storage-context.ts";

/** The right to work on one session, until it is let go or stays silent for too long. */
export interface Lease {
  sessionId: string;
  token: string;
}

/** Thrown where a conditional change finds that the session is someone else's by now: look at the row again. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/**
 * Claims a session that is still to be created at the store. An earlier attempt that left no trace but its token makes
 * this a takeover, so the store is looked through for what it may have begun.
 */
export async function claimForCreating(
  context: StorageContext,
  sessionId: string,
): Promise<(Lease & { isTakeover: boolean }) | undefined> {
  const token = randomUUID();
  const row = await context.db
    .updateTable("multipart_uploads")
    .set((eb) => ({
      lease_token: token,
      lease_expires_at: context.clock.in(context.settings.leaseMs),
      retry_count: eb("retry_count", "+", eb.case().when("lease_token", "is", null).then(0).else(1).end()),
    }))
    .where("id", "=", sessionId)
    .where("status", "=", "creating")
    .where((eb) =>
      eb.or([eb("lease_expires_at", "is", null), eb("lease_expires_at", "<=", context.clock.now())]),
    )
    .returning("retry_count")
    .executeTakeFirst();
  return row === undefined ? undefined : { sessionId, token, isTakeover: row.retry_count > 0 };
}

/** Claims those of the sessions that nobody ever was at, in one statement; what another is changing at this moment is left to them. */
export async function claimNew(context: StorageContext, sessionIds: readonly string[]): Promise<Lease[]> {
  if (sessionIds.length === 0) return [];
  const token = randomUUID();
  const rows = await context.db
    .updateTable("multipart_uploads")
    .set({ lease_token: token, lease_expires_at: context.clock.in(context.settings.leaseMs) })
    .where("id", "in", (eb) =>
      eb
        .selectFrom("multipart_uploads as u")
        .select("u.id")
        .where("u.id", "in", sessionIds)
        .where("u.status", "=", "creating")
        .where("u.lease_token", "is", null)
        .orderBy("u.id")
        .forUpdate()
        .skipLocked(),
    )
    .where("status", "=", "creating")
    .where("lease_token", "is", null)
    .returning("id")
    .execute();
  return rows.map(({ id }) => ({ sessionId: id, token }));
}

/** Claims an active session, or one whose completion nobody works on any more. Of any number of callers one wins. */
export async function claimForCompleting(
  context: StorageContext,
  sessionId: string,
  from: readonly ("active" | "completing")[] = ["active", "completing"],
): Promise<Lease | undefined> {
  const token = randomUUID();
  const row = await context.db
    .updateTable("multipart_uploads")
    .set((eb) => ({
      status: "completing",
      lease_token: token,
      lease_expires_at: context.clock.in(context.settings.leaseMs),
      retry_count: eb("retry_count", "+", eb.case().when("status", "=", "completing").then(1).else(0).end()),
    }))
    .where("id", "=", sessionId)
    .where("status", "in", from)
    .where((eb) =>
      eb.or([
        eb("status", "=", "active"),
        eb.and([eb("status", "=", "completing"), eb("lease_expires_at", "<=", context.clock.now())]),
      ]),
    )
    .returning("id")
    .executeTakeFirst();
  return row === undefined ? undefined : { sessionId, token };
}

/**
 * Claims those of the sessions that are active, in one statement. What another is changing at this moment is left to
 * them, so that batches with the same sessions in any order never wait for each other.
 */
export async function claimActive(context: StorageContext, sessionIds: readonly string[]): Promise<Lease[]> {
  if (sessionIds.length === 0) return [];
  const token = randomUUID();
  const rows = await context.db
    .updateTable("multipart_uploads")
    .set({
      status: "completing",
      lease_token: token,
      lease_expires_at: context.clock.in(context.settings.leaseMs),
    })
    .where("id", "in", (eb) =>
      eb
        .selectFrom("multipart_uploads as u")
        .select("u.id")
        .where("u.id", "in", sessionIds)
        .where("u.status", "=", "active")
        .orderBy("u.id")
        .forUpdate()
        .skipLocked(),
    )
    .where("status", "=", "active")
    .returning("id")
    .execute();
  return rows.map(({ id }) => ({ sessionId: id, token }));
}

/**
 * Turns a session to `aborting`, which gives its reservation back. Not while its Complete may have reached the store;
 * and one that is being created only once nobody is at it, so that what they make is not left behind.
 */
export async function claimForAborting(
  context: StorageContext,
  sessionId: string,
  from: readonly SessionState[] = ["creating", "active", "completing", "aborting"],
): Promise<Lease | undefined> {
  const token = randomUUID();
  return beginAgain(() =>
    context.db.transaction().execute(async (trx) => {
      const row = await trx
        .updateTable("multipart_uploads")
        .set({
          status: "aborting",
          lease_token: token,
          lease_expires_at: context.clock.in(context.settings.leaseMs),
        })
        .where("id", "=", sessionId)
        .where("status", "in", from)
        .where((eb) => {
          const isFree = eb.or([
            eb("lease_expires_at", "is", null),
            eb("lease_expires_at", "<=", context.clock.now()),
          ]);
          return eb.or([
            eb.and([eb("status", "in", ["active", "completing"]), eb("complete_sent_at", "is", null)]),
            eb.and([eb("status", "in", ["creating", "aborting"]), isFree]),
          ]);
        })
        .returning("file_storage_id")
        .executeTakeFirst();
      if (row === undefined) return undefined;
      await trx
        .updateTable("file_storage")
        .set({ status: "failed" })
        .where("id", "=", row.file_storage_id)
        .where("status", "=", "uploading")
        .execute();
      return { sessionId, token };
    }),
  );
}

/** Lets go at once, leaving the state as it is: the next caller need not wait for the lease to run out. */
export async function letGo(context: StorageContext, lease: Lease): Promise<void> {
  await context.db
    .updateTable("multipart_uploads")
    .set({ lease_expires_at: context.clock.now() })
    .where("id", "=", lease.sessionId)
    .where("lease_token", "=", lease.token)
    .execute();
}

/** Keeps leases alive while `work` runs, however long the store takes. */
export async function whileLeased<T>(
  context: StorageContext,
  leases: readonly Lease[],
  work: () => Promise<T>,
): Promise<T> {
  if (leases.length === 0) return work();
  const timer = setInterval(() => {
    context.db
      .updateTable("multipart_uploads")
      .set({ lease_expires_at: context.clock.in(context.settings.leaseMs) })
      .where("id", "in", (eb) =>
        // What somebody is changing is renewed the next time: of those that a host deletes, none is waited for while others are held.
        eb
          .selectFrom("multipart_uploads as u")
          .select("u.id")
          .where(
            "u.id",
            "in",
            leases.map(({ sessionId }) => sessionId),
          )
          .orderBy("u.id")
          .forUpdate()
          .skipLocked(),
      )
      .where(
        "lease_token",
        "in",
        leases.map(({ token }) => token),
      )
      .where("status", "in", ["creating", "completing", "aborting"])
      .execute()
      .catch(context.onError);
  }, context.settings.leaseMs / 3);
  const end = context.leases.hold(leases, timer);
  try {
    return await work();
  } finally {
    end();
  }
}
