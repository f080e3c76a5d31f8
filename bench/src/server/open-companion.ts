import { createCompanion } from "@audiotricks/companion";
import {
  createStorage,
  type Database,
  openProviders,
  type Storage,
  type StorageSettings,
} from "@audiotricks/storage";
import { Kysely, type LogConfig, PostgresDialect } from "kysely";
import pg from "pg";
import { createInstantStore, type InstantFiles } from "./instant-store.ts";

export interface CompanionConfig {
  databaseUrl: string;
  /** To the database; the server's pool for uploads has 10, that for its jobs 4. */
  connections: number;
  files: InstantFiles;
  settings?: Partial<StorageSettings>;
}

/** As `apps/server` has it, before a store that answers at once; whoever asks says who they are. */
export async function openCompanion(
  { databaseUrl, connections, files, settings = {} }: CompanionConfig,
  log?: LogConfig,
): Promise<
  { fetch: (request: Request) => Response | Promise<Response>; storage: Storage } & AsyncDisposable
> {
  const { INT8 } = pg.types.builtins;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    statement_timeout: 30_000,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text"),
    },
  });
  pool.on("error", console.error);
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    ...(log === undefined ? {} : { log }),
  });
  const spaces = { endpoint: "http://127.0.0.1:9", region: "us-east-1", bucket: "bench", ...KEY };
  const storage = createStorage({
    db,
    providers: await openProviders({ db, spaces }),
    settings,
    requestHandler: createInstantStore(files),
    onError: console.error,
  });
  const companion = createCompanion({
    storage,
    authenticate: (request) => {
      const userId = request.headers.get("authorization");
      return Promise.resolve(userId === null ? null : { userId });
    },
    allowedOrigins: [],
    onUnexpectedError: console.error,
  });
  return {
    fetch: companion.fetch,
    storage,
    [Symbol.asyncDispose]: async () => {
      await storage.close();
      await db.destroy();
    },
  };
}

const KEY = { accessKeyId: "BENCHKEY", secretAccessKey: "bench-secret" };
