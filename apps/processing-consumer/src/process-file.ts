import type { Pool } from "pg";
import { cutWav } from "./cut-wav.ts";
import { finishProcessing } from "./files.ts";
import type { StorageClient } from "./storage-client.ts";

/**
 * Makes what is to be made of one file that is `processing`. Safe to repeat from any point: each derived file has a key of
 * its own, and linking finds what is linked.
 */
export async function processFile(
  { db, storage, chunkSeconds }: { db: Pool; storage: StorageClient; chunkSeconds: number },
  fileId: string,
): Promise<void> {
  const { name, state } = await storage.getFile(fileId);
  if (state !== "processing") return;
  const made = cutWav(await storage.readFile(fileId), chunkSeconds);
  if (made !== undefined) {
    const stem = name.replace(/\.[^.]*$/, "").slice(0, 400);
    await storage.derive(
      fileId,
      { name: `${stem} (processed).wav`, category: "processed", bytes: made.processed },
      "processed",
    );
    for (const [index, bytes] of made.chunks.entries())
      await storage.derive(
        fileId,
        { name: `${stem} (${index + 1}).wav`, category: "chunk", bytes },
        `chunk-${index + 1}`,
      );
  }
  await finishProcessing(db, fileId);
}
