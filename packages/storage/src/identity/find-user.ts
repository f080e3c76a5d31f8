import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import { nameDatabaseFailures } from "../database-failures.ts";
import { isUuid } from "../is-uuid.ts";
import type { Principal } from "../storage.ts";

export interface UserDirectoryOptions {
  db: Kysely<Database>;
  /**
   * Make a user of a subject who is not known yet; only where `users` is the minimal table that our migrations make, never in a
   * host's own.
   */
  createsUsers?: boolean;
  /** How long an answer is kept, so that a request needs no statement to learn who asks. Milliseconds. */
  keptForMs?: number;
}

/** Our user for an issuer's subject; `null` for one who is not known here. */
export type FindUser = (subject: { issuer: string; subject: string }) => Promise<Principal | null>;

const KEPT_FOR_MS = 60_000;
const MAX_KEPT = 10_000;
const MAX_SUBJECT_LENGTH = 255;
/**
 * A subject is the id of a row in `users`, or it stands in `user_identities`. Only who was found is remembered: one who is let in is
 * let in at once, one who is deleted has nothing left to reach. Rejects with `database_unavailable` while that is away.
 */
export function createUserDirectory({
  db,
  createsUsers = false,
  keptForMs = KEPT_FOR_MS,
}: UserDirectoryOptions): FindUser {
  const known = new Map<string, { userId: string; until: number }>();

  const users = nameDatabaseFailures({
    async find(issuer: string, subject: string): Promise<string | null> {
      const { rows } = await sql<{ id: string | null }>`
        SELECT coalesce(
          (SELECT id FROM users WHERE id = ${isUuid(subject) ? subject : null}::uuid),
          user_of_subject(${issuer}, ${subject}, ${createsUsers})) AS id`.execute(db);
      return rows[0]?.id ?? null;
    },
  });

  return async ({ issuer, subject }) => {
    if (
      subject === "" ||
      subject.length > MAX_SUBJECT_LENGTH ||
      subject.includes("\0") ||
      !subject.isWellFormed()
    )
      return null;
    const key = JSON.stringify([issuer, subject]);
    const kept = known.get(key);
    if (kept !== undefined && performance.now() < kept.until) return { userId: kept.userId };
    known.delete(key);
    const userId = await users.find(issuer, subject);
    if (userId === null) return null;
    const [oldest] = known.keys();
    if (known.size >= MAX_KEPT && oldest !== undefined) known.delete(oldest);
    known.set(key, { userId, until: performance.now() + keptForMs });
    return { userId };
  };
}
