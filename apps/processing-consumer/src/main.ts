import { serve } from "@hono/node-server";
import { Pool } from "pg";
import { beginProcessing, findUnprocessed } from "./files.ts";
import { processFile } from "./process-file.ts";
import { createReceiver } from "./receiver.ts";
import { readSettings } from "./settings.ts";
import { createStorageClient, StorageRefusal } from "./storage-client.ts";
import { startWorker } from "./worker.ts";

const settings = readSettings(process.env);
const db = new Pool({ connectionString: settings.DATABASE_URL });
db.on("error", (error) => console.error("lost a database connection:", error.message));
const storage = createStorageClient({ url: settings.STORAGE_URL, token: settings.SERVICE_TOKEN });
const worker = startWorker({
  process: (fileId) => processFile({ db, storage, chunkSeconds: settings.CHUNK_SECONDS }, fileId),
  isHopeless: (error) => error instanceof StorageRefusal && error.code === "file_not_found",
  onError: (fileId, error) =>
    console.error(`file ${fileId}:`, error instanceof Error ? error.message : "failed"),
});
const receiver = createReceiver({
  secret: settings.WEBHOOK_SECRET,
  onStored: async (fileId) => {
    await beginProcessing(db, fileId);
    worker.add(fileId);
  },
});

for (const fileId of await findUnprocessed(db)) worker.add(fileId);
const server = serve({ fetch: receiver.fetch, port: settings.PORT, hostname: "127.0.0.1" }, ({ port }) =>
  process.stdout.write(`Receiving events at http://127.0.0.1:${port}/events\n`),
);

process.once("SIGTERM", () => {
  server.close();
  void worker
    .stop()
    .then(() => db.end())
    .then(() => process.exit(0));
});
