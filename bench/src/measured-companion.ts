import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCompanion } from "@audiotricks/companion";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { startCephGateway } from "@audiotricks/testing/ceph";
import { createPgliteDatabase, createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { seedUser } from "@audiotricks/testing/seed";
import { Kysely, type KyselyPlugin, PostgresDialect } from "kysely";

/** A companion in this process, so that a profile shows it, with its statements counted. */
export interface MeasuredCompanion extends AsyncDisposable {
  post<Answer>(path: string, body: unknown): Promise<Answer>;
  onStatement(listener: () => void): void;
}

export async function openMeasuredCompanion({ embedded }: { embedded: boolean }): Promise<MeasuredCompanion> {
  await using opened = new AsyncDisposableStack();
  let listener = (): void => undefined;
  const db = await openDatabase(opened, embedded, () => listener());
  const store = embedded ? await openEmulator(opened) : opened.use(await startCephGateway());
  const { endpoint, region, accessKeyId, secretAccessKey } = store;
  const spaces = { endpoint, region, accessKeyId, secretAccessKey, bucket: "bench", forcePathStyle: true };
  await prepareBucket(spaces, { allowedOrigins: ["http://localhost"] });
  const storage = createStorage({
    db,
    providers: await openProviders({ db, spaces }),
    onError: console.error,
  });
  opened.defer(() => storage.close());
  const userId = await seedUser(db);
  const companion = createCompanion({
    storage,
    authenticate: () => Promise.resolve({ userId }),
    allowedOrigins: [],
    onUnexpectedError: console.error,
  });
  const moved = opened.move();
  return {
    post: async <Answer>(path: string, body: unknown) => {
      const answer = await companion.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as Answer;
    },
    onStatement: (told) => {
      listener = told;
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

async function openDatabase(
  opened: AsyncDisposableStack,
  embedded: boolean,
  onStatement: () => void,
): Promise<Kysely<Database>> {
  if (embedded) {
    // Without the bounds of transactions, which its driver sends around what Kysely can see.
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => {
        onStatement();
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    };
    return opened.use(await createPgliteDatabase<Database>()).db.withPlugin(counting);
  }
  const postgres = opened.use(await startPostgres());
  await createTemplate(postgres.url);
  const { pool } = opened.use(await createTestDatabase<Database>(postgres.url));
  pool.options.max = 10; // As the server has.
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }), log: onStatement });
}

async function openEmulator(opened: AsyncDisposableStack) {
  const credentials = { accessKeyId: "BENCHKEY", secretAccessKey: "bench-secret" };
  const dataDir = await mkdtemp(join(tmpdir(), "at-bench-"));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials] });
  opened.defer(() => emulator.close());
  return { endpoint: emulator.endpoint, region: "us-east-1", ...credentials };
}
