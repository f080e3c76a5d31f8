import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { lockDataDirectory, openEmbeddedDatabase } from "@audiotricks/embedded";
import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { environment, type ServerProcess, startServerProcess, usedDirectory } from "./server-process.ts";
import { uploadByApi } from "./upload-by-api.ts";

// Each starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

const CLI = fileURLToPath(new URL("../../../packages/cli/src/main.ts", import.meta.url));
const UUID = "11111111-2222-4333-8444-555555555555";

interface Run {
  code: number | null;
  out: string;
  err: string;
}

function spawnCli(dataDir: string, words: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CLI, ...words], {
    env: environment({ DATA_DIR: dataDir }),
    // No .env there.
    cwd: dataDir,
  });
}

async function resultOf(child: ChildProcessWithoutNullStreams): Promise<Run> {
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

async function cli(dataDir: string, words: string[], stdin = ""): Promise<Run> {
  const child = spawnCli(dataDir, words);
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  return await resultOf(child);
}

async function open(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** However it comes about: what is still being written then meets nobody. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));

describe("audiotricks-storage beside a server that has an embedded database", () => {
  let directory: Awaited<ReturnType<typeof usedDirectory>>;
  let server: ServerProcess;
  let dataDir: string;
  let path: string;
  beforeAll(async () => {
    directory = await usedDirectory();
    dataDir = join(directory.path, "data");
    path = join(dataDir, "operator.sock");
    server = await startServerProcess({ DATA_DIR: dataDir });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  const userIdOf = async (user: "alpha" | "beta") => {
    const { token } = await server.signIn(user);
    const answer = await (await server.fetch("/demo/session", { token })).json();
    return (answer as { user: { id: string } }).user.id;
  };
  const limitOf = async (user: "alpha" | "beta") => {
    const { token } = await server.signIn(user);
    const answer = await (await server.fetch("/v1/quota", { token })).json();
    return (answer as { quotas: { limitBytes: number | null }[] }).quotas[0]?.limitBytes;
  };
  const isWell = async () => {
    expect((await server.fetch("/readyz")).status).toBe(200);
    expect(await cli(dataDir, ["provider", "list", "--json"])).toMatchObject({ code: 0, err: "" });
  };

  it("is run in the server, by a socket that is its owner's alone", async () => {
    const found = lstatSync(path);
    expect(found.isSocket()).toBe(true);
    expect(found.mode & 0o777).toBe(0o600);
    const { code, out, err } = await cli(dataDir, ["provider", "list", "--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out).providers).toMatchObject([{ bucket: "audiotricks-local", isPrimary: true }]);
    expect((await cli(dataDir, ["provider", "list"])).out).toMatch(/^ID +PROVIDER +ENDPOINT/);
    expect((await cli(dataDir, ["doctor", "--json"])).code).toBe(0);
    expect(JSON.parse((await cli(dataDir, ["sweep", "--json"])).out)).toMatchObject({ failures: [] });
    expect(JSON.parse((await cli(dataDir, ["reconcile", "--json"])).out)).toMatchObject({ providers: 1 });
    expect(await cli(dataDir, ["dead-letters", "list"])).toMatchObject({ code: 0, out: "There is none.\n" });
    expect(await cli(dataDir, ["migrate"])).toMatchObject({ code: 0, out: "The schema is up to date.\n" });
  });

  it("changes what the server goes by at once, and refuses with the same words and codes as elsewhere", async () => {
    const id = await userIdOf("alpha");
    const set = ["quota", "set", "--user", id, "--bytes"];
    expect(await cli(dataDir, [...set, "3GiB"])).toMatchObject({ code: 0, err: "" });
    expect(await limitOf("alpha")).toBe(3 * 1024 ** 3);
    expect(await cli(dataDir, [...set, "much"])).toMatchObject({ code: 64, out: "" });
    const { entries } = JSON.parse((await cli(dataDir, ["audit", "--resource", id, "--json"])).out);
    // As whoever typed it, not as the server.
    expect(entries).toMatchObject([
      { action: "setUserQuota", actor: `cli:${userInfo().username}@${hostname()}`, outcome: "done" },
    ]);
    const absent = await cli(dataDir, ["provider", "disable", UUID, "--json"]);
    expect(absent).toMatchObject({ code: 1, out: "" });
    expect(JSON.parse(absent.err)).toHaveProperty("error.code");
    expect(await cli(dataDir, ["doctor", "--origin", "https://elsewhere.example.com"])).toMatchObject({
      code: 2,
    });
    expect(await cli(dataDir, ["nonsense"])).toMatchObject({ code: 64 });
    await cli(dataDir, ["quota", "set", "--user", id, "--default"]);
  });

  it("takes secrets and lists from stdin and from files of the command's own directory", async () => {
    const words = [
      "provider",
      "add",
      "--endpoint",
      "https://127.0.0.1:9",
      "--region",
      "r",
      "--bucket",
      "audio",
    ];
    const add = [...words, "--access-key-id", "AK", "--json"];
    const keyless = await cli(dataDir, add, "hunter2hunter2\n");
    expect(JSON.parse(keyless.err)).toMatchObject({ error: { code: "settings" } });
    writeFileSync(join(dataDir, "list"), "nonsense\n");
    for (const file of ["list", join(dataDir, "list"), "-"]) {
      const { code, err } = await cli(dataDir, ["reconcile", "--delete-unknown", file], "nonsense\n");
      expect([code, err]).toEqual([
        1,
        "Line 1 of the list is not one that reconcile --list has written: nothing was deleted.\n",
      ]);
    }
    const missing = await cli(dataDir, ["reconcile", "--delete-unknown", "absent"]);
    expect(missing.err).toMatch(/^The list cannot be read: name a file/);
    // Longer than what goes into one piece, in characters that are cut anywhere.
    const line = `${JSON.stringify({ providerId: UUID, key: "ü日".repeat(300), size: 1, etag: "e", lastModified: new Date() })}\n`;
    const lines = Array.from({ length: 200 }, (_, n) => line.replace("ü", String(n))).join("");
    const long = await cli(dataDir, ["reconcile", "--json", "--delete-unknown", "-"], lines);
    expect(long.err).toBe("");
    expect(JSON.parse(long.out)).toMatchObject({ deletion: { not_unknown: 200 } });
  });

  it("runs many commands at once", async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => cli(dataDir, ["usage", "--json"])));
    for (const run of runs) expect(run).toMatchObject({ code: 0, err: "" });
  });

  const garbage: [string, string | Uint8Array][] = [
    ["garbage", Uint8Array.from({ length: 5000 }, (_, n) => n % 256)],
    ["a line that is no JSON", "nonsense\n"],
    ["JSON that is no frame", '{"run":{"args":"usage"}}\n'],
    ["a frame with more in it", '{"run":{"args":["usage"],"isTyped":false,"actor":"m"},"more":1}\n'],
    ["an answer that nobody asked for", '{"data":"eA=="}\n'],
    ["a line without an end", "x".repeat(2_000_000)],
    ["a frame that is too long", `{"run":{"args":["${"x".repeat(100_000)}"],"isTyped":false,"actor":"m"}}\n`],
    [
      "too many words",
      `${JSON.stringify({ run: { args: Array.from({ length: 2000 }, () => "x"), isTyped: false, actor: "mallory@test" } })}\n`,
    ],
    ["HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ];
  it.each(garbage)("ends a connection at %s, and goes on", async (_what, bytes) => {
    const before = server.output();
    const socket = await open(path);
    socket.resume();
    socket.write(bytes);
    await closed(socket);
    expect(server.output()).toBe(before);
    await isWell();
  });

  it("does nothing for half a frame, nor for a command whose client sends what is not asked for", async () => {
    const id = await userIdOf("beta");
    const limit = await limitOf("beta");
    const run = JSON.stringify({
      run: { args: ["quota", "set", "--user", id, "--bytes", "1"], isTyped: false, actor: "mallory@test" },
    });
    const half = await open(path);
    half.end(run.slice(0, -1));
    half.resume();
    await closed(half);
    const unended = await open(path);
    unended.end(run);
    unended.resume();
    await closed(unended);
    const flood = await open(path);
    flood.resume();
    const list = JSON.stringify({
      run: { args: ["reconcile", "--delete-unknown", "-"], isTyped: false, actor: "mallory@test" },
    });
    flood.write(`${list}\n${'{"data":"eA=="}\n'.repeat(50_000)}`);
    await closed(flood);
    expect(limit).toBeGreaterThan(1);
    expect(await limitOf("beta")).toBe(limit);
    await isWell();
  });

  it("lets go of clients that say nothing, and serves others meanwhile and afterwards", async () => {
    const silent = await Promise.all(Array.from({ length: 100 }, () => open(path)));
    const allClosed = silent.map((socket) => closed(socket.resume()));
    // Turned away while all places are taken, it comes again.
    expect(await cli(dataDir, ["usage", "--json"])).toMatchObject({ code: 0, err: "" });
    await Promise.all(allClosed);
    await isWell();
  });

  it("abandons the command of a client that goes away, and changes nothing", async () => {
    const before = await cli(dataDir, ["provider", "list", "--json"]);
    // It waits for its list.
    const child = spawnCli(dataDir, ["reconcile", "--delete-unknown", "-"]);
    const result = resultOf(child);
    child.stdin.write('{"providerId":');
    await delay(1500);
    child.kill("SIGKILL");
    expect((await result).code).toBeNull();
    // And one that is under way.
    for (const words of [["sweep"], ["conformance"], ["reconcile"]]) {
      const socket = await open(path);
      socket.write(`${JSON.stringify({ run: { args: words, isTyped: false, actor: "mallory@test" } })}\n`);
      await delay(30);
      socket.destroy();
    }
    await isWell();
    expect(await cli(dataDir, ["provider", "list", "--json"])).toEqual(before);
    // What was put there to ask is removed by the command that was left alone.
    await expect
      .poll(async () => JSON.parse((await cli(dataDir, ["reconcile", "--json"])).out).findings, {
        timeout: 30_000,
      })
      .toEqual({});
    expect(server.output()).not.toMatch(/unexpected|error/i);
  });

  it("passes Ctrl-C on: the command ends in order, and the server stays", async () => {
    const child = spawnCli(dataDir, ["conformance"]);
    const result = resultOf(child);
    await once(createInterface({ input: child.stderr }), "line");
    await delay(150);
    child.kill("SIGINT");
    const { code, out } = await result;
    expect(code).toBe(1);
    expect(out).toContain("Interrupted: not everything was asked.");
    expect(out).toContain("The bucket is as it was");
    await isWell();
  });

  it("does not give a server's place to another program", async () => {
    using other = await usedDirectory();
    const otherDir = join(other.path, "data");
    const impostor = createServer((socket) => socket.end("SSH-2.0-nonsense\n"));
    impostor.listen(join(otherDir, "operator.sock"));
    await once(impostor, "listening");
    // Open to everybody: whoever put it there may be anybody.
    const wide = await cli(otherDir, ["usage"]);
    expect(wide).toMatchObject({ code: 1, out: "" });
    expect(wide.err).toMatch(/is not this user's alone/);
    impostor.close();
  });
});

it("is gone after the server has stopped, and a stale one does not keep the next server or command out", async () => {
  using directory = await usedDirectory();
  const dataDir = join(directory.path, "data");
  const path = join(dataDir, "operator.sock");
  {
    await using server = await startServerProcess({ DATA_DIR: dataDir });
    expect(existsSync(path)).toBe(true);
    // One that waits for its list, and one that is at work: neither keeps it from stopping.
    const waiting = await open(path);
    waiting.write(
      `${JSON.stringify({ run: { args: ["reconcile", "--delete-unknown", "-"], isTyped: false, actor: "mallory@test" } })}\n`,
    );
    let heard = "";
    waiting.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    await expect.poll(() => heard).toContain('{"read":"-"}');
    const working = spawnCli(dataDir, ["conformance"]);
    const result = resultOf(working);
    await once(createInterface({ input: working.stderr }), "line");
    const start = performance.now();
    server.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(existsSync(path)).toBe(false);
    expect((await result).code).toBe(1);
    expect(heard).toContain('{"exit":1}');
    expect(server.output()).not.toMatch(/error/i);
  }
  {
    await using server = await startServerProcess({ DATA_DIR: dataDir });
    server.kill("SIGKILL");
    await server.ended;
  }
  expect(lstatSync(path).isSocket()).toBe(true);
  // No server: the command opens the database itself, and its store.
  expect(JSON.parse((await cli(dataDir, ["reconcile", "--json"])).out)).toMatchObject({ findings: {} });
  const alone = await cli(dataDir, ["doctor", "--json"]);
  expect(JSON.parse(alone.out)).toMatchObject({ buckets: [{ bucket: "audiotricks-local" }] });
  const listed = await cli(dataDir, ["provider", "list", "--json"]);
  expect(listed).toMatchObject({ code: 0, err: "" });
  {
    await using server = await startServerProcess({ DATA_DIR: dataDir });
    const { out } = await cli(dataDir, ["provider", "list", "--json"]);
    expect(Object.keys(JSON.parse(out))).toEqual(Object.keys(JSON.parse(listed.out)));
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    server.kill("SIGTERM");
    await server.ended;
  }
  expect(readFileSync(join(dataDir, "secrets", "spaces-secret-key"), "utf8")).not.toBe("");
});

it("reaches a server that is starting, and tells two commands without one apart by the lock", async () => {
  using directory = await usedDirectory();
  const dataDir = join(directory.path, "data");
  const starting = startServerProcess({ DATA_DIR: dataDir });
  await expect.poll(() => existsSync(join(dataDir, "lock.1")), { timeout: 20_000, interval: 10 }).toBe(true);
  const early = await cli(dataDir, ["provider", "list", "--json"]);
  await using server = await starting;
  expect(early).toMatchObject({ code: 0, err: "" });
  server.kill("SIGTERM");
  await server.ended;
  const both = await Promise.all([1, 2].map(() => cli(dataDir, ["provider", "list", "--json"])));
  for (const run of both) expect(run).toMatchObject({ code: 0, out: early.out, err: "" });
});

it("adds, rotates, rewraps and disables a provider in the server, whose secret comes by stdin and is not told", async () => {
  using directory = await usedDirectory();
  const dataDir = join(directory.path, "data");
  await using server = await startServerProcess({
    DATA_DIR: dataDir,
    STORAGE_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
  });
  const { providers } = JSON.parse((await cli(dataDir, ["provider", "list", "--json"])).out);
  const secret = readFileSync(join(dataDir, "secrets", "spaces-secret-key"), "utf8");
  const place = ["--endpoint", providers[0].endpoint, "--region", "us-east-1", "--bucket", "second-bucket"];
  const key = ["--access-key-id", "local", "--json"];
  const wrong = await cli(dataDir, ["provider", "add", ...place, ...key], "wrong");
  expect(wrong).toMatchObject({ code: 1, out: "" });
  const added = await cli(dataDir, ["provider", "add", ...place, "--create", ...key], secret);
  expect(added).toMatchObject({ code: 0, err: "" });
  const { id } = JSON.parse(added.out);
  const fromFile = ["--secret-file", join("secrets", "spaces-secret-key")];
  const rotated = await cli(dataDir, ["provider", "rotate", id, ...fromFile, ...key]);
  expect(rotated).toMatchObject({ code: 0, err: "" });
  const rewrapped = await cli(dataDir, ["provider", "rewrap", "--json"]);
  expect(JSON.parse(rewrapped.out)).toMatchObject({ failures: [] });
  const asked = await cli(dataDir, ["conformance", "--provider", "second-bucket", "--json"]);
  expect(JSON.parse(asked.out)).toMatchObject({ bucket: "second-bucket", cleanUp: { isClean: true } });
  expect(await cli(dataDir, ["provider", "disable", id])).toMatchObject({ code: 0 });
  for (const { out, err } of [wrong, added, rotated, rewrapped, asked])
    expect(out + err).not.toContain(secret.trim());
  expect(server.output()).not.toContain(secret.trim());
});

it("holds back what a data directory of yesterday says has expired, until somebody answers in the running server", async () => {
  using directory = await usedDirectory();
  const dataDir = join(directory.path, "data");
  let fileId: string;
  {
    await using server = await startServerProcess({ DATA_DIR: dataDir });
    const { token } = await server.signIn("alpha");
    const bytes = wavBytes(2000);
    fileId = (await uploadByApi(server, token, { name: "take.wav", bytes })).id;
    expect((await cli(dataDir, ["sweep"])).code).toBe(0);
    server.kill("SIGTERM");
    await server.ended;
  }
  {
    const lock = lockDataDirectory(dataDir);
    const { db, close } = await openEmbeddedDatabase(dataDir);
    await sql`UPDATE file_storage SET expires_at = now() - interval '1 hour' WHERE id = ${fileId}`.execute(
      db,
    );
    await sql`UPDATE expiry_watch SET seen_at = now() - interval '1 day'`.execute(db);
    await close();
    lock.release();
  }
  await using server = await startServerProcess({ DATA_DIR: dataDir, LOG_LEVEL: "info" });
  const { token } = await server.signIn("alpha");
  const stateOf = async () => (await server.fetch(`/v1/files/${fileId}`, { token })).status;
  const swept = await cli(dataDir, ["sweep", "--json"]);
  expect(swept).toMatchObject({ code: 2, err: "" });
  const { id } = JSON.parse(swept.out).expiryHold as { id: string };
  // The server's own sweep tells of it once.
  await expect.poll(() => server.output(), { timeout: 90_000 }).toContain("held back until somebody answers");
  expect(server.output().split("held back until somebody answers")).toHaveLength(2);
  expect(await stateOf()).toBe(200);
  expect((await cli(dataDir, ["sweep", "--dry-run"])).out).toContain(`sweep --expire-held ${id}`);
  const other = await cli(dataDir, ["sweep", "--json", "--expire-held", UUID]);
  expect(other).toMatchObject({ code: 1, out: "" });
  expect(JSON.parse(other.err)).toMatchObject({ error: { code: "hold_not_found" } });
  expect(await stateOf()).toBe(200);
  const answered = await cli(dataDir, ["sweep", "--json", "--expire-held", id]);
  expect(answered).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(answered.out)).toMatchObject({ expired: 1, failures: [] });
  expect(await stateOf()).toBe(404);
});

it("lists, sends again and drops in the server what no receiver took, each once, and writes down who did", async () => {
  using directory = await usedDirectory();
  const dataDir = join(directory.path, "data");
  const given: string[] = [];
  {
    const lock = lockDataDirectory(dataDir);
    const { db, close } = await openEmbeddedDatabase(dataDir);
    const { rows } = await sql<{ id: string }>`
      INSERT INTO outbox_events (event_type, ordering_key, data, status, attempts, last_error, settled_at)
      SELECT 'file.stored', 'file:' || n, jsonb_build_object('n', n), 'dead', 12, 'http_500', now() - make_interval(mins => n)
      FROM generate_series(1, 4) n RETURNING id`.execute(db);
    given.push(...rows.map(({ id }) => id));
    await close();
    lock.release();
  }
  const arrived: { id: string | undefined; n: number }[] = [];
  const receiver = createHttpServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      arrived.push({ id: request.headers["webhook-id"]?.toString(), n: JSON.parse(body).data.n });
      response.writeHead(204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const [one = "", two = "", three = "", four = ""] = given;
  {
    await using server = await startServerProcess({
      DATA_DIR: dataDir,
      WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
      WEBHOOK_ALLOW_HTTP: "true",
      WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 3).toString("base64")}`,
    });
    const run = async (...words: string[]) => {
      const { code, out, err } = await cli(dataDir, ["dead-letters", ...words, "--json"]);
      expect(err).toBe("");
      return { code, ...JSON.parse(out) };
    };
    const idsLeft = async () => ((await run("list")).deadLetters as { id: string }[]).map(({ id }) => id);
    expect(await idsLeft()).toEqual(given);
    expect(await cli(dataDir, ["dead-letters", "list", "--limit", "1"])).toMatchObject({
      code: 2,
      out: expect.stringMatching(new RegExp(`${one} +file.stored +file:1 .* 12 +http_500`)),
    });
    // Nobody's silence is all, and what is no id changes nothing.
    for (const words of [["retry"], ["drop"], ["drop", one, "--all"], ["retry", "all"]])
      expect(await cli(dataDir, ["dead-letters", ...words]), words.join(" ")).toMatchObject({
        code: 64,
        out: "",
      });
    expect(await idsLeft()).toEqual(given);
    expect(arrived).toEqual([]);

    const both = await Promise.all([run("retry", two), run("retry", two)]);
    expect(both.map(({ done }) => done as number).toSorted((a, b) => a - b)).toEqual([0, 1]);
    await expect.poll(() => arrived, { timeout: 60_000 }).toEqual([{ id: two, n: 2 }]);
    expect(await run("drop", one, two, UUID)).toMatchObject({ code: 2, asked: 3, done: 1 });
    expect(await idsLeft()).toEqual([three, four]);
    expect(await run("drop", three)).toMatchObject({ code: 0, asked: 1, done: 1 });
    expect(await run("retry", "--all")).toMatchObject({ code: 0, asked: null, done: 1 });
    await expect
      .poll(() => arrived, { timeout: 60_000 })
      .toEqual([
        { id: two, n: 2 },
        { id: four, n: 4 },
      ]);
    expect(await run("list")).toEqual({ code: 0, deadLetters: [] });
    const audit = JSON.parse((await cli(dataDir, ["audit", "--json"])).out);
    const actor = `cli:${userInfo().username}@${hostname()}`;
    const deeds = (audit.entries as { action: string; actor: string; outcome: string }[]).filter(
      ({ action, outcome }) => outcome === "done" && /^(replay|drop)Events$/.test(action),
    );
    expect(new Set(deeds.map((entry) => entry.actor))).toEqual(new Set([actor]));
    expect(new Set(deeds.map(({ action }) => action))).toEqual(new Set(["replayEvents", "dropEvents"]));
    server.kill("SIGTERM");
    expect(await server.ended).toBe(0);
  }
  receiver.close();
  // And without a server: what was done stays done.
  expect(await cli(dataDir, ["dead-letters", "list"])).toMatchObject({ code: 0, out: "There is none.\n" });
});

it("makes no database where there is none", async () => {
  using directory = await usedDirectory();
  const { code, err } = await cli(directory.path, ["usage", "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(err)).toMatchObject({ error: { code: "embedded_database" } });
  expect(existsSync(join(directory.path, "postgres"))).toBe(false);
});
