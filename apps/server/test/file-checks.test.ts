import { join } from "node:path";
import type { FileRecord } from "@audiotricks/protocol/messages";
import type { Database } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { EICAR, startClamd } from "@audiotricks/testing/clamd";
import { createTestDatabase } from "@audiotricks/testing/database";
import { freePort } from "@audiotricks/testing/free-port";
import { expect, it, vi } from "vitest";
import { type ServerProcess, startServerProcess, temporaryDirectory } from "./server-process.ts";
import { uploadByApi } from "./upload-by-api.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 180_000 });

const looking = { timeout: 60_000, interval: 200 };

async function read(server: ServerProcess, token: string, { id }: { id: string }): Promise<FileRecord> {
  return (await (await server.fetch(`/v1/files/${id}`, { token })).json()) as FileRecord;
}

it("looks into files as they are stored, holds them until clamd has, and says so to who asks", async () => {
  using directory = temporaryDirectory();
  await using database = await createTestDatabase<Database>();
  const port = await freePort();
  const env = {
    DATABASE_URL: database.url,
    DATA_DIR: join(directory.path, "data"),
    CLAMD_ADDRESS: `127.0.0.1:${port}`,
    LOG_LEVEL: "info",
  };
  await using server = await startServerProcess(env);
  expect(server.output()).toMatch(
    /"level":"?(40|warn).*"before":"off","after":"before".*changed for all servers/,
  );
  const { token } = await server.signIn("alpha");
  const bytes = wavBytes(50_000);
  bytes.set(EICAR, 20_000);
  // Nobody answers there yet.
  const [good, bad] = [
    await uploadByApi(server, token, { name: "good.wav", bytes: wavBytes(40_000) }),
    await uploadByApi(server, token, { name: "bad.wav", bytes }),
  ];
  expect(good).toMatchObject({ state: "stored", scan: "held" });
  await expect
    .poll(async () => (await read(server, token, good)).sound, looking)
    .toMatchObject({ format: "wav", codec: "PCM" });
  const download = (file: { id: string }) =>
    server.fetch(`/v1/files/${file.id}/download`, { method: "POST", token });
  const refused = await download(good);
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({
    error: { code: "file_not_ready", details: { scan: "held", retryAfterMs: 2000 } },
  });
  await expect.poll(() => server.output(), looking).toContain("scanner_unavailable");

  await using _clamd = await startClamd({ port });
  await expect.poll(async () => (await read(server, token, good)).scan, looking).toBe("clean");
  await expect.poll(async () => (await read(server, token, bad)).state, looking).toBe("quarantined");
  expect((await download(good)).status).toBe(200);
  expect((await download(bad)).status).toBe(409);
  expect((await server.fetch(`/v1/files/${bad.id}/content`, { token })).status).toBe(409);
  expect(server.output()).toContain("a file went into quarantine");

  const start = performance.now();
  server.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(5_000);
});
