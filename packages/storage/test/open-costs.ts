import { createPgliteDatabase, createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import { createStorage, type Database, openProviders } from "../src/index.ts";

export const GiB = 1024 ** 3;

/** A database with a bucket in New York, and storages on it whose time is told. */
export async function openCosts(engine: "postgres" | "pglite") {
  const database =
    engine === "pglite" ? await createPgliteDatabase<Database>() : await createTestDatabase<Database>();
  const { db } = database;
  const spaces = {
    endpoint: "https://nyc3.digitaloceanspaces.com",
    region: "nyc3",
    bucket: "audio",
    accessKeyId: "key",
    secretAccessKey: "secret-for-tests",
  };
  const providers = await openProviders({ db, spaces });
  const userId = await seedUser(db);
  const [row] = await db.selectFrom("storage_providers").select("id").execute();
  const opened: ReturnType<typeof createStorage>[] = [];
  const at = (time: string) => {
    const storage = createStorage({ db, providers, now: () => new Date(time) });
    opened.push(storage);
    return storage;
  };
  return {
    db,
    userId,
    operator: { userId, isOperator: true },
    providerId: row?.id ?? "",
    at,
    sample: (time: string) => at(time).upkeep.sampleStorage(),
    [Symbol.asyncDispose]: async () => {
      for (const storage of opened) await storage.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** As if it had been uploaded. */
export async function store(
  { db, userId, providerId }: Pick<Awaited<ReturnType<typeof openCosts>>, "db" | "userId" | "providerId">,
  file: { size: number; workspaceId?: string; columns?: Record<string, unknown>; providerId?: string },
): Promise<string> {
  const id = crypto.randomUUID();
  await db
    .insertInto("file_storage")
    .values({
      id,
      original_filename: "a.wav",
      stored_filename: `${id}.wav`,
      storage_provider_id: file.providerId ?? providerId,
      storage_path: `audio/uploads/2026/11/${id}.wav`,
      storage_url: `/v1/files/${id}/content`,
      file_size: file.size,
      status: "stored",
      content_type: "audio_file",
      user_id: userId,
      former_user_id: userId,
      workspace_id: file.workspaceId ?? null,
      former_workspace_id: file.workspaceId ?? null,
      stored_at: new Date("2026-10-01"),
      ...file.columns,
    })
    .execute();
  return id;
}
