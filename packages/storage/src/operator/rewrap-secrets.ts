import { UploadError } from "@audiotricks/protocol";
import type { Kysely } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import type { Keyring } from "../providers/keyring.ts";
import { describeEnvelope, rewrapSecret } from "../providers/secret-envelope.ts";

export interface RewrapReport {
  /** Ids of providers whose secret is now under the first key of the keyring. */
  rewrapped: string[];
  /** Those that were already. */
  current: string[];
  /** Left as they were: what none of the keys opens. */
  failures: { id: string; code: string; message: string }[];
}

/**
 * Puts every sealed secret under the first key of the keyring, so that the others can go once all is done. Uploads go on
 * meanwhile, as long as every server has both keys; safe to repeat, and to be run by many at once.
 */
export async function rewrapSecrets(
  db: Kysely<Database>,
  keyring: Keyring,
  by?: Operator,
): Promise<RewrapReport> {
  const report: RewrapReport = { rewrapped: [], current: [], failures: [] };
  const ids = await db
    .selectFrom("storage_providers")
    .select("id")
    .where("secret_access_key_encrypted", "!=", "env:")
    .orderBy("id")
    .execute();
  for (const { id } of ids) {
    try {
      report[await rewrapOne(db, id, keyring, by)].push(id);
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      report.failures.push({ id, code: error.code, message: error.message });
    }
  }
  return report;
}

async function rewrapOne(
  db: Kysely<Database>,
  id: string,
  keyring: Keyring,
  by: Operator | undefined,
): Promise<"rewrapped" | "current"> {
  for (;;) {
    const row = await db
      .selectFrom("storage_providers")
      .select("secret_access_key_encrypted as envelope")
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined || row.envelope === "env:") return "current";
    const { keyId, hasDataKey } = describeEnvelope(row.envelope) ?? {};
    if (hasDataKey === true && keyId === keyring[0].id) return "current";
    const envelope = rewrapSecret(row.envelope, id, keyring, keyring[0]);
    const isDone = await db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable("storage_providers")
        .set({ secret_access_key_encrypted: envelope })
        .where("id", "=", id)
        // A credential that was rotated meanwhile is not put back: it is looked at again.
        .where("secret_access_key_encrypted", "=", row.envelope)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await recordOperator(trx, by, {
        action: "rewrapSecrets",
        resourceId: id,
        outcome: "done",
        change: { before: { sealedWith: keyId ?? null }, after: { sealedWith: keyring[0].id } },
      });
      return true;
    });
    if (isDone) return "rewrapped";
  }
}
