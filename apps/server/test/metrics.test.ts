import { join } from "node:path";
import type { Database } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { expect, it, vi } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { startFreezingProxy } from "./freezing-proxy.ts";
import { metricsUrl, scrape, sumOf } from "./scrape.ts";
import { refusedStart, startServerProcess, temporaryDirectory } from "./server-process.ts";
import { uploadByApi } from "./upload-by-api.ts";

// Each starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 240_000 });

const SMALL = wavBytes(100_000);
const LARGE = wavBytes(12_000_000, 2);
const OPEN_SIZE = 30_000_000;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/i;

it("tells what was uploaded and asked, names nobody, and does not wait for a database that hangs", async () => {
  using directory = temporaryDirectory();
  await using database = await createTestDatabase<Database>();
  const { hostname, port } = new URL(database.url);
  await using proxy = await startFreezingProxy({ host: hostname, port: Number(port) });
  const databaseUrl = new URL(database.url);
  databaseUrl.hostname = "127.0.0.1";
  databaseUrl.port = String(proxy.port);
  await using server = await startServerProcess({
    DATABASE_URL: databaseUrl.href,
    DATA_DIR: join(directory.path, "data"),
    DEMO: "true",
    METRICS_PORT: "0",
    LOG_LEVEL: "info",
  });
  const url = metricsUrl(server);
  const { token, workspaces } = await server.signIn("alpha");
  const workspaceId = workspaces.at(-1)?.id ?? "";
  const small = await uploadByApi(server, token, { name: "secret-take.wav", bytes: SMALL, workspaceId });
  const large = await uploadByApi(server, token, { name: "large.wav", bytes: LARGE });
  const json = { files: [{ clientId: "1", name: "open.wav", size: OPEN_SIZE }] };
  expect((await server.fetch("/v1/uploads", { method: "POST", token, json })).status).toBe(200);
  expect((await server.fetch("/v1/files")).status).toBe(401);
  expect((await server.fetch(`/v1/files/${crypto.randomUUID()}`, { token })).status).toBe(404);

  // The numbers of the database are a few seconds old.
  const now = async () => await scrape(url);
  await expect
    .poll(async () => sumOf(await now(), "audiotricks_reserved_bytes"), { timeout: 60_000, interval: 1000 })
    .toBe(OPEN_SIZE);
  await expect
    .poll(async () => sumOf(await now(), "audiotricks_jobs", { queue: "sweep", state: "completed" }), {
      timeout: 90_000,
      interval: 2000,
    })
    .toBeGreaterThan(0);
  const told = await now();
  expect(Object.fromEntries(told.values)).toMatchObject({
    audiotricks_database_up: 1,
    audiotricks_stored_bytes: SMALL.length + LARGE.length,
    audiotricks_stored_files: 2,
    audiotricks_webhook_configured: 0,
    audiotricks_files_deleting: 0,
    audiotricks_reconcile_findings: 0,
    audiotricks_sweep_last_failures: 0,
    'audiotricks_uploads{state="active"}': 1,
    'audiotricks_uploads{state="completing"}': 0,
    'audiotricks_uploads_stuck{reason="expired"}': 0,
    'audiotricks_files_created_last_hour{state="stored"}': 2,
    'audiotricks_files_created_last_hour{state="failed"}': 0,
    'audiotricks_outbox_events{state="waiting"}': 2,
    'audiotricks_outbox_events{state="dead"}': 0,
    'audiotricks_jobs{queue="reconcile",state="failed"}': 0,
    [`audiotricks_build_info{version="${manifest.version}"}`]: 1,
  });
  const requests = (labels: Record<string, string>) =>
    sumOf(told, "audiotricks_http_request_duration_seconds_count", labels);
  expect(requests({ method: "POST", route: "/v1/uploads", status: "2xx" })).toBe(3);
  expect(requests({ method: "GET", route: "/v1/files", status: "4xx" })).toBe(1);
  expect(requests({ method: "GET", route: "/v1/files/:id", status: "4xx" })).toBe(1);
  const store = (operation: string) =>
    sumOf(told, "audiotricks_store_request_duration_seconds_count", { operation, outcome: "ok" });
  expect(store("create_upload")).toBeGreaterThanOrEqual(2);
  expect(store("complete_upload")).toBeGreaterThanOrEqual(1);
  expect(store("head")).toBeGreaterThanOrEqual(1);
  const endedAt = sumOf(told, "audiotricks_sweep_last_end_timestamp_seconds");
  expect(Math.abs(Date.now() / 1000 - endedAt)).toBeLessThan(120);

  expect(told.text).not.toMatch(UUID);
  for (const word of [
    token,
    workspaceId,
    small.id,
    large.id,
    "secret-take",
    "alpha",
    directory.path,
    ...workspaces.map(({ name }) => name),
  ])
    expect(told.text).not.toContain(word);
  expect(await (await server.fetch("/metrics")).text()).not.toContain("audiotricks_");
  // On one address of this machine, and not on all of them.
  await expect(fetch(url.replace("127.0.0.1", "127.0.0.2"))).rejects.toThrow("fetch failed");
  expect((await fetch(new URL("/", url))).status).toBe(404);
  expect((await fetch(url, { method: "POST" })).status).toBe(404);

  proxy.freeze();
  await expect
    .poll(async () => (await now()).values.get("audiotricks_database_up"), { timeout: 60_000, interval: 500 })
    .toBe(0);
  const start = performance.now();
  const without = await Promise.all([now(), now(), now()]);
  expect(performance.now() - start).toBeLessThan(8_000);
  for (const one of without) {
    expect(one.values.get("audiotricks_database_up")).toBe(0);
    expect(
      [...one.values.keys()].filter((series) => /^audiotricks_(uploads|stored|jobs)/.test(series)),
    ).toEqual([]);
    expect(sumOf(one, "audiotricks_http_request_duration_seconds_count")).toBeGreaterThan(5);
  }
  proxy.thaw();
  await expect
    .poll(async () => (await now()).values.get("audiotricks_stored_files"), {
      timeout: 60_000,
      interval: 1000,
    })
    .toBe(2);
  expect(server.output().match(/metrics are without the database's numbers/g)).toHaveLength(1);
});

it("refuses to start where its metrics cannot be served, and says which setting to change", async () => {
  using directory = temporaryDirectory();
  await using taken = await startFreezingProxy({ host: "127.0.0.1", port: 9 });
  const { code, output } = await refusedStart({
    DATA_DIR: join(directory.path, "data"),
    METRICS_PORT: String(taken.port),
  });
  expect([code, output]).toEqual([
    1,
    `Port ${taken.port} is in use. Stop what listens there, or set METRICS_PORT to another one.\n`,
  ]);
});
