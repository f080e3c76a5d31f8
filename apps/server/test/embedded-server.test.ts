import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { wavBytes } from "@audiotricks/testing/audio";
import { expect, it, vi } from "vitest";
import {
  interruptedStart,
  refusedStart,
  startServerProcess,
  temporaryDirectory,
  usedDirectory,
} from "./server-process.ts";
import { downloadedSha256, sha256, uploadByApi } from "./upload-by-api.ts";

// Each starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

const SMALL = wavBytes(100_000);
const LARGE = wavBytes(25_000_000, 2);

it("takes a file from sign-in to download, keeps it over a restart, and stops cleanly", async () => {
  using directory = temporaryDirectory();
  const env = { DATA_DIR: join(directory.path, "data") };
  let fileIds: string[];
  {
    await using server = await startServerProcess(env);
    expect((await server.fetch("/readyz")).status).toBe(200);
    const { token, workspaces } = await server.signIn("alpha");
    const workspaceId = workspaces.at(-1)?.id ?? "";
    const small = await uploadByApi(server, token, { name: "small.wav", bytes: SMALL, workspaceId });
    const large = await uploadByApi(server, token, { name: "large.wav", bytes: LARGE });
    expect([small.state, large.state]).toEqual(["stored", "stored"]);
    fileIds = [small.id, large.id];
    expect(await downloadedSha256(server, token, small.id)).toBe(sha256(SMALL));
    expect(await downloadedSha256(server, token, large.id)).toBe(sha256(LARGE));

    const beta = await server.signIn("beta");
    expect((await server.fetch(`/v1/files/${small.id}`, { token: beta.token })).status).toBe(200);
    expect((await server.fetch(`/v1/files/${large.id}`, { token: beta.token })).status).toBe(404);

    server.kill("SIGTERM");
    const stopping = performance.now();
    expect(await server.ended).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(5000);
    expect(server.output().match(/https?:\/\//g)).toHaveLength(1);
  }
  await using server = await startServerProcess(env);
  const { token } = await server.signIn("alpha");
  const listed = (await (await server.fetch("/v1/files", { token })).json()) as { files: { id: string }[] };
  expect(listed.files.map(({ id }) => id)).toEqual(expect.arrayContaining([fileIds[1]]));
  expect(await downloadedSha256(server, token, fileIds[1] ?? "")).toBe(sha256(LARGE));
  const content = await server.fetch(`/v1/files/${fileIds[0]}/content`, { token });
  expect(content.status).toBe(302);
  expect(content.headers.get("cache-control")).toBe("no-store");
});

it("is ready within 5 s on data that is there", async () => {
  using directory = await usedDirectory();
  const env = { DATA_DIR: join(directory.path, "data") };
  const readyAfterMs: number[] = [];
  // The best of four: the other tests of this run share the processor.
  for (let start = 0; start < 5 && Math.min(...readyAfterMs.slice(1), 60_000) > 5000; start++) {
    await using server = await startServerProcess(env);
    readyAfterMs.push(server.readyAfterMs);
    server.kill("SIGTERM");
    await server.ended;
  }
  expect(Math.min(...readyAfterMs.slice(1))).toBeLessThan(5000);
});

it("keeps tokens good and secrets private over a restart", async () => {
  using directory = await usedDirectory();
  const env = { DATA_DIR: join(directory.path, "data") };
  let token: string;
  {
    await using server = await startServerProcess(env);
    ({ token } = await server.signIn("beta"));
  }
  await using server = await startServerProcess(env);
  expect((await server.fetch("/demo/session", { token })).status).toBe(200);
  const secrets = join(env.DATA_DIR, "secrets");
  for (const name of readdirSync(secrets)) {
    expect(statSync(join(secrets, name)).mode & 0o077).toBe(0);
    expect(server.output()).not.toContain(readFileSync(join(secrets, name), "utf8").trim());
  }
});

it("refuses a second process on its data, and lets the next one in after SIGKILL", async () => {
  using directory = await usedDirectory();
  const env = { DATA_DIR: join(directory.path, "data") };
  {
    await using server = await startServerProcess(env);
    const { code, output } = await refusedStart(env);
    expect(code).toBe(1);
    expect(output).toBe(
      `${env.DATA_DIR} is in use by process ${server.pid}. Stop that one (kill ${server.pid}), or set DATA_DIR to another directory.\n`,
    );
    const { token } = await server.signIn("alpha");
    await uploadByApi(server, token, { name: "a.wav", bytes: SMALL });
    server.kill("SIGKILL");
    expect(await server.ended).toBe("SIGKILL");
  }
  await using server = await startServerProcess(env);
  const { token } = await server.signIn("alpha");
  const { files } = (await (await server.fetch("/v1/files", { token })).json()) as {
    files: { id: string }[];
  };
  expect(files).toHaveLength(1);
  expect(await downloadedSha256(server, token, files[0]?.id ?? "")).toBe(sha256(SMALL));
});

it("ends at once when told to while it makes its database, and begins anew the next time", async () => {
  using directory = temporaryDirectory();
  const env = { DATA_DIR: join(directory.path, "data") };
  const isMaking = () => existsSync(join(env.DATA_DIR, "postgres"));
  const { signal, output, tookMs } = await interruptedStart(env, isMaking);
  expect([signal, output]).toEqual(["SIGTERM", ""]);
  expect(tookMs).toBeLessThan(2000);
  await using server = await startServerProcess(env);
  expect((await server.fetch("/readyz")).status).toBe(200);
});

it("answers what is under way before it stops, for one Ctrl-C that arrives twice", async () => {
  using directory = await usedDirectory();
  await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
  const client = await sendHalfARequest(server.url);
  server.kill("SIGINT");
  // A terminal's echo: the same wish, passed on by whatever started the server.
  server.kill("SIGINT");
  await expect.poll(() => answers(server.url), { timeout: 4000 }).toBe(false);
  client.write('"user":"alpha"}');
  let answer = "";
  for await (const bytes of client) answer += String(bytes);
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(await server.ended).toBe(0);
});

it("says nothing of clients that hang up in the middle of a request", async () => {
  using directory = await usedDirectory();
  await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
  const before = server.output();
  (await sendHalfARequest(server.url)).resetAndDestroy();
  await delay(500);
  expect((await server.fetch("/healthz")).status).toBe(200);
  expect(server.output()).toBe(before);
});

it("stops in time though a client never finishes its request, and at once when told again", async () => {
  using directory = await usedDirectory();
  for (const again of [false, true]) {
    await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
    const client = await sendHalfARequest(server.url);
    server.kill("SIGINT");
    await expect.poll(() => answers(server.url), { timeout: 4000 }).toBe(false);
    const start = performance.now();
    if (again) {
      // Two signals within half a second are one that was passed on.
      await delay(800);
      server.kill("SIGINT");
    }
    expect(await server.ended).toBe(again ? 130 : 0);
    expect(performance.now() - start).toBeLessThan(again ? 1600 : 5000);
    client.destroy();
  }
});

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    () => true,
    () => false,
  );

/** A sign-in whose body lacks its last 15 bytes. */
async function sendHalfARequest(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const client = connect(Number(port), hostname);
  client.on("error", () => undefined);
  await once(client, "connect");
  client.write("POST /demo/token HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{");
  // Until the server is sure to have read it.
  await fetch(`${url}/healthz`);
  await delay(200);
  return client;
}

it("serves the API, the demo's sign-in and its pages from one origin", async () => {
  using directory = await usedDirectory();
  await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
  const page = await server.fetch("/", { headers: { accept: "text/html" } });
  expect(page.headers.get("content-security-policy")).toMatch(
    /connect-src 'self' http:\/\/127\.0\.0\.1:\d+;/,
  );
  expect(await (await server.fetch("/v1/nothing")).json()).toMatchObject({
    error: { code: "route_not_found" },
  });
  expect((await server.fetch("/openapi.json")).status).toBe(200);
  expect(await (await server.fetch(`/s/${"A".repeat(43)}`)).json()).toMatchObject({
    error: { code: "share_not_found" },
  });
  // All that stock Uppy shows of an error.
  expect((await server.fetch("/s3/params?filename=a.mp3")).statusText).toBe("Sign in first.");
  expect((await server.fetch("/demo/token", { method: "POST", json: { user: "gamma" } })).status).toBe(400);
});
