import { createCompanion, serviceToken } from "@audiotricks/companion";
import {
  createStorage,
  type Database,
  openProviders,
  preparing,
  type Storage,
  type StorageSettings,
} from "@audiotricks/storage";
import { Hono } from "hono";
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

/** What a service says that may read every file. */
export const SERVICE_TOKEN = "bench-service-token-of-32-characters";

/** As `apps/server` has it, before a store that answers at once; whoever asks says who they are. `bare`: a route on the same pool. */
export async function openCompanion(
  { databaseUrl, connections, files, settings = {} }: CompanionConfig,
  log?: LogConfig,
): Promise<
  {
    fetch: (request: Request, env?: object) => Response | Promise<Response>;
    bare: Hono;
    storage: Storage;
  } & AsyncDisposable
> {
  const { INT8 } = pg.types.builtins;
  const pool = new pg.Pool({
    Client: preparing(pg.Client),
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
      return Promise.resolve(userId === null || userId.startsWith("Bearer ") ? null : { userId });
    },
    authenticateService: serviceToken({ service: "bench", tokens: [SERVICE_TOKEN] }),
    allowedOrigins: [],
    // Counted as ever, and nobody refused: a bench asks more than anybody else.
    rateLimits: { callerReads: NO_MATTER, addressRequests: NO_MATTER },
    onUnexpectedError: console.error,
  });
  const bare = new Hono();
  bare.get("/bare/select-1", async (c) => {
    const { rows } = await pool.query("SELECT 1 AS one");
    return c.json(rows[0]);
  });
  return {
    fetch: companion.fetch,
    bare,
    storage,
    [Symbol.asyncDispose]: async () => {
      await storage.close();
      await db.destroy();
    },
  };
}

const NO_MATTER = 1_000_000_000;
const KEY = { accessKeyId: "BENCHKEY", secretAccessKey: "bench-secret" };
