import { sql } from "kysely";
import { beginAgain } from "../begin-again.ts";
import type { StorageContext } from "../storage-context.ts";

/**
 * Takes an upload to another bucket while its own does not answer, if nothing of it can have been promised: one that is being created,
 * by whoever has the lease for it, or a single PUT that nobody has asked to complete.
 *
 * @returns Whether it was taken: then the session is to be read again.
 */
export async function placeAgain(
  { db }: Pick<StorageContext, "db">,
  { sessionId, token }: { sessionId: string; token: string | null },
): Promise<boolean> {
  const { rows } = await beginAgain(() =>
    sql<{ isTaken: boolean }>`SELECT place_again(${sessionId}::uuid, ${token}::uuid) AS "isTaken"`.execute(
      db,
    ),
  );
  return rows[0]?.isTaken === true;
}
