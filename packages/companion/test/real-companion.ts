import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { createPgliteDatabase, createTestDatabase } from "@audiotricks/testing/database";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type CompanionOptions, createCompanion, type RequestEntry, serviceToken } from "../src/index.ts";

/** The bearer token of a service. */
export const SERVICE_TOKEN = "service-token-of-the-tests-0123456789";

const credentials = { accessKeyId: "key", secretAccessKey: "secret-for-tests" };

/**
 * A companion on a real database and the local Spaces. Alpha and beta share a workspace, gamma and the operator know nobody.
 * The bearer token is the user's id.
 */
export async function createRealCompanion({
  engine = "PostgreSQL",
  ...options
}: {
  engine?: "PostgreSQL" | "PGlite";
} & Partial<CompanionOptions> = {}) {
  const database =
    engine === "PGlite" ? await createPgliteDatabase<Database>() : await createTestDatabase<Database>();
  let statements = 0;
  const db = database.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: ({ result }) => {
      statements++;
      return Promise.resolve(result);
    },
  });
  const dataDir = mkdtempSync(join(tmpdir(), "companion-"));
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials] });
  const spaces = { endpoint: emulator.endpoint, region: "us-east-1", bucket: "audio", ...credentials };
  await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });

  const [alpha, beta, gamma] = [await seedUser(db), await seedUser(db), await seedUser(db)];
  const operator = await seedUser(db);
  const workspace = await seedWorkspace(db, { members: { [alpha]: "member", [beta]: "member" } });
  const unexpected: unknown[] = [];
  const entries: RequestEntry[] = [];
  const app = createCompanion({
    storage,
    authenticateService: serviceToken({ service: "pipeline", tokens: [SERVICE_TOKEN] }),
    authenticate: async (request) => {
      const userId = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      if (userId === undefined || userId === SERVICE_TOKEN) return null;
      return userId === operator ? { userId, isOperator: true } : { userId };
    },
    allowedOrigins: [],
    onUnexpectedError: (error) => unexpected.push(error),
    onRequest: (entry) => entries.push(entry),
    ...options,
  });

  return {
    app,
    db,
    storage,
    unexpected,
    entries,
    users: { alpha, beta, gamma, operator },
    /** How many have been sent since it was made. */
    statements: () => statements,
    workspace,
    /** `user` undefined: anonymous. */
    call: async (user: string | undefined, method: string, path: string, json?: unknown) => {
      const headers = new Headers(user === undefined ? {} : { authorization: `Bearer ${user}` });
      if (json !== undefined) headers.set("content-type", "application/json");
      return await app.request(path, {
        method,
        headers,
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    },
    [Symbol.asyncDispose]: async () => {
      await storage.close();
      await emulator.close();
      await database[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export type RealCompanion = Awaited<ReturnType<typeof createRealCompanion>>;

/** Uploads to the signed URLs of one create, as a browser would. @returns The stored file's id and the session's. */
export async function uploadThrough(
  { call }: Pick<RealCompanion, "call">,
  user: string,
  file: { bytes: Uint8Array<ArrayBuffer>; workspaceId?: string; name?: string; method?: "put" | "multipart" },
): Promise<{ fileId: string; sessionId: string }> {
  const { bytes, name = "a.wav", ...rest } = file;
  const files = [{ clientId: "1", name, size: bytes.length, type: "audio/wav", ...rest }];
  const created = (await (await call(user, "POST", "/v1/uploads", { files })).json()) as {
    results: [{ session: { sessionId: string; fileId: string; partSize: number; urls: SignedPart[] } }];
  };
  const { session } = created.results[0];
  for (const { partNumber, url, headers, size } of session.urls) {
    const offset = (partNumber - 1) * session.partSize;
    const put = await fetch(url, { method: "PUT", headers, body: bytes.subarray(offset, offset + size) });
    if (!put.ok) throw new Error(`part ${partNumber}: ${put.status}`);
  }
  const completed = await call(user, "POST", `/v1/uploads/${session.sessionId}/complete`);
  if (completed.status !== 200) throw new Error(`not completed: ${await completed.text()}`);
  return session;
}

interface SignedPart {
  partNumber: number;
  url: string;
  headers: Record<string, string>;
  size: number;
}
