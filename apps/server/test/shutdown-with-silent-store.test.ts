import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Database } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";
import { expect, it, vi } from "vitest";
import { startServerProcess } from "./server-process.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

it("stops in time while the store answers nothing, and leaves what it was at to others", async () => {
  const asked: string[] = [];
  // There is a bucket, and more it does not say.
  const store = createServer((request, response) => {
    asked.push(request.method ?? "");
    if (request.method === "HEAD") response.writeHead(200).end();
  }).listen(0, "127.0.0.1");
  await once(store, "listening");
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  await using server = await startServerProcess({
    DATABASE_URL: database.url,
    SPACES_ENDPOINT: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
    SPACES_REGION: "us-east-1",
    SPACES_BUCKET: "audio",
    SPACES_KEY: "key",
    SPACES_SECRET: "secret",
    DEMO: "true",
  });
  const { token } = await server.signIn("alpha");
  await expect.poll(() => asked, { timeout: 30_000 }).toContain("GET");
  const begun = server
    .fetch("/v1/uploads", {
      method: "POST",
      token,
      json: { files: [{ clientId: "1", name: "a.wav", size: 30_000_000 }] },
    })
    .catch(() => undefined);
  await expect.poll(() => asked, { timeout: 30_000 }).toContain("POST");
  const { rows: before } = await sql`SELECT id FROM multipart_uploads WHERE lease_expires_at > now()`.execute(
    db,
  );
  expect(before).toHaveLength(1);

  const start = performance.now();
  server.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(5_000);
  await begun;
  const { rows: after } = await sql`SELECT id FROM multipart_uploads WHERE lease_expires_at > now()`.execute(
    db,
  );
  expect(after).toEqual([]);
  store.closeAllConnections();
  store.close();
});
