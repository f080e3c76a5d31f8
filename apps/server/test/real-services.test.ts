import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import type { Database } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import { SignJWT } from "jose";
import { expect, it, vi } from "vitest";
import { startServerProcess, temporaryDirectory } from "./server-process.ts";
import { downloadedSha256, sha256, uploadByApi } from "./upload-by-api.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

const JWT = { JWT_ISSUER: "https://issuer.example", JWT_AUDIENCE: "uploads", JWT_SECRET: "s".repeat(40) };
const BYTES = wavBytes(12_000_000);

async function tokenOf(userId: string): Promise<string> {
  return await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuer(JWT.JWT_ISSUER)
    .setAudience(JWT.JWT_AUDIENCE)
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(JWT.JWT_SECRET));
}

it("runs twice on one PostgreSQL and one store, started together, for users of the host's issuer", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "store"));
  await using database = await createTestDatabase<Database>();
  const user = await seedUser(database.db);
  const other = await seedUser(database.db);
  const credentials = { accessKeyId: "key", secretAccessKey: "hunter2-of-the-store" };
  await using store = await startSpacesEmulator({
    port: 0,
    dataDir: join(directory.path, "store"),
    credentials: [credentials],
  });
  const env = {
    ...JWT,
    DATABASE_URL: database.url,
    SPACES_ENDPOINT: store.endpoint,
    SPACES_REGION: "us-east-1",
    SPACES_BUCKET: "audio",
    SPACES_KEY: credentials.accessKeyId,
    SPACES_SECRET: credentials.secretAccessKey,
    SPACES_PREPARE: "true",
    DEFAULT_USER_QUOTA_BYTES: "20000000",
    OPERATORS: user,
    RATE_LIMIT_USER_WRITES: "40",
    DATA_DIR: join(directory.path, "unused"),
    LOG_LEVEL: "trace",
  };
  const [first, second] = await Promise.all([startServerProcess(env), startServerProcess(env)]);
  await using _first = first;
  await using _second = second;

  const token = await tokenOf(user);
  const otherToken = await tokenOf(other);
  const file = await uploadByApi(first, token, { name: "a.wav", bytes: BYTES });
  expect(await downloadedSha256(second, token, file.id)).toBe(sha256(BYTES));
  const quota = (await (await second.fetch("/v1/quota", { token })).json()) as { quotas: unknown[] };
  expect(quota.quotas).toEqual([
    expect.objectContaining({ usedBytes: BYTES.length, limitBytes: 20_000_000 }),
  ]);
  const tooMuch = uploadByApi(second, token, { name: "b.wav", bytes: BYTES });
  await expect(tooMuch).rejects.toThrow("quota_exceeded");

  const stranger = await tokenOf(crypto.randomUUID());
  expect((await first.fetch("/v1/files", { token: stranger })).status).toBe(403);
  expect((await first.fetch("/v1/files")).status).toBe(401);
  expect((await first.fetch("/demo/token", { method: "POST", json: { user: "alpha" } })).status).toBe(404);
  expect((await first.fetch("/")).status).toBe(404);

  const asked = await first.fetch("/v1/admin/audit", { token });
  expect(asked.status).toBe(200);
  expect((await second.fetch("/v1/admin/audit", { token: await tokenOf(other) })).status).toBe(403);
  // On both servers together: one of the two has counted the rest.
  const attempts = await Promise.all(
    Array.from(
      { length: 60 },
      async (_, index) =>
        await [first, second][index % 2]?.fetch("/v1/s3-tokens", { method: "POST", token: otherToken }),
    ),
  );
  const refused = attempts.filter((attempt) => attempt?.status === 429);
  expect(refused).toHaveLength(20);
  for (const attempt of refused) expect(Number(attempt?.headers.get("retry-after"))).toBeGreaterThan(0);

  for (const server of [first, second]) {
    server.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.output()).toContain('"route":"/v1/');
    for (const secret of [token, otherToken, credentials.secretAccessKey, JWT.JWT_SECRET, "X-Amz-Signature"])
      expect(server.output()).not.toContain(secret);
  }
  // Also what was written down in batches, up to the last moment.
  const entries = await database.db
    .selectFrom("storage_audit")
    .select(["action", "user_id", "outcome", "address"])
    .select((eb) => eb.fn.sum<number>("times").as("times"))
    .groupBy(["action", "user_id", "outcome", "address"])
    .execute();
  const entry = { address: "127.0.0.1", user_id: other };
  expect(entries).toContainEqual({ ...entry, action: "issueS3Token", outcome: "done", times: 40 });
  expect(entries).toContainEqual({ ...entry, action: "issueS3Token", outcome: "rate_limited", times: 20 });
  expect(entries).toContainEqual({ ...entry, action: "listAudit", outcome: "forbidden", times: 1 });
  expect(entries).toContainEqual({
    ...entry,
    user_id: user,
    action: "downloadFile",
    outcome: "done",
    times: 1,
  });
});
