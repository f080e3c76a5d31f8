import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { Finding } from "./finding.ts";

/** Writes down what is wrong with a file that we know, until a pass no longer finds it. */
export async function keepFinding(db: Kysely<Database>, finding: Finding): Promise<void> {
  // Nothing is left to see of an object that was deleted, and there is no end to what others keep in a bucket.
  if (!("file" in finding) || finding.kind === "ended_object") return;
  const { kind, providerId, file } = finding;
  const object = "object" in finding ? finding.object : undefined;
  const details = JSON.stringify({
    state: file.state,
    expected: { size: file.size, etag: file.etag },
    object,
  });
  await db
    .insertInto("reconcile_findings")
    .values({
      storage_provider_id: providerId,
      kind,
      storage_path: file.key,
      file_storage_id: file.id,
      details,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["storage_provider_id", "kind", "storage_path"])
        .doUpdateSet({ details, last_seen_at: sql<Date>`now()` }),
    )
    .execute();
}
