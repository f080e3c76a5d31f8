import type { Pool } from "pg";

/** The file's own state is the queue: it outlives this process, and of two consumers one gets the file. */
export async function beginProcessing(db: Pool, fileId: string): Promise<void> {
  await db.query("UPDATE file_storage SET status = 'processing' WHERE id = $1 AND status = 'stored'", [
    fileId,
  ]);
}

/** What is still to be done, also from before a restart. */
export async function findUnprocessed(db: Pool): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    "SELECT id FROM file_storage WHERE status = 'processing' AND derived_from IS NULL ORDER BY updated_at LIMIT 100",
  );
  return rows.map(({ id }) => id);
}

/**
 * Links the history entry of this audio, made where there is none yet; the same function says `processed`. One transaction,
 * so that a repeat finds all of it or nothing.
 */
export async function finishProcessing(db: Pool, fileId: string): Promise<void> {
  const client = await db.connect();
  try {
    await client.query("BEGIN");
    // Of two that finish the same file, the second waits here and then finds the entry of the first.
    await client.query("SELECT 1 FROM file_storage WHERE id = $1 FOR UPDATE", [fileId]);
    await client.query(
      `INSERT INTO audio_history (user_id, workspace_id, title, file_storage_id)
       SELECT user_id, workspace_id, original_filename, id FROM file_storage f
       WHERE f.id = $1 AND NOT EXISTS (SELECT FROM audio_history h WHERE h.file_storage_id = f.id)`,
      [fileId],
    );
    await client.query(
      "SELECT link_audio_history_to_storage(h.id, $1) FROM audio_history h WHERE h.file_storage_id = $1",
      [fileId],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}
