import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { type Answer, ask } from "./target/ask.ts";
import { newUser, query } from "./target/database.ts";
import { watchMemory } from "./target/resident-memory.ts";
import { SCALE } from "./target/scale.ts";
import { tokenOf } from "./target/sign-in.ts";
import { bucket } from "./target/state.ts";
import { NOTHING, usageOf } from "./target/upload.ts";

const MIB = 1024 ** 2;
const at = target.strictUrl;
/** As the second server is told. */
const LIMITS = { reads: 50, writes: 20, address: 1000 };
const SLOW_CONNECTIONS = 100;
/** By Node's own checks, twice a minute, of the 30 s that the server gives. */
const CUT_AFTER_MS = 90_000;

const many = <T>(times: number, one: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_, index) => one(index)));
function expectTurnedAway(answers: Answer[]): void {
  for (const { status, code, headers } of answers) {
    expect({ status, code }).toEqual({ status: 429, code: "rate_limited" });
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(60);
  }
}
const passed = (answers: Answer[]) => answers.filter(({ status }) => status === 200);
const refused = (answers: Answer[]) => answers.filter(({ status }) => status !== 200);

describe("flooding: unlimited creates, bodies over the limit, slow requests", () => {
  let slow: Socket[];
  let isCut = 0;
  const beganAt = performance.now();
  beforeAll(async () => {
    slow = await many(SLOW_CONNECTIONS, async () => {
      const { port } = new URL(target.url);
      const socket = connect(Number(port), "127.0.0.1");
      // Read to its end: until then it does not count as closed here.
      socket.on("error", () => undefined).resume();
      socket.on("close", () => {
        isCut++;
      });
      await once(socket, "connect");
      socket.write("POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n");
      return socket;
    });
  });
  afterAll(() => {
    for (const socket of slow) socket.destroy();
  });

  it("by one user is turned away after so many writes and reads, says when to come back, and begins nothing at the store", async () => {
    const who = await newUser();
    const before = new Set((await bucket.openUploads()).map(({ key }) => key));
    const create = { json: { filename: "a.wav", type: "audio/wav", metadata: { size: 20 * MIB } }, at };
    const writes = await many(LIMITS.writes * 2, () => ask(who, "POST", "/s3/multipart", create));
    expect(passed(writes)).toHaveLength(LIMITS.writes);
    expectTurnedAway(refused(writes));
    const begun = (await bucket.openUploads()).filter(({ key }) => !before.has(key));
    expect(begun).toHaveLength(LIMITS.writes);
    const rows = await query("SELECT id FROM multipart_uploads WHERE former_user_id = $1", [who]);
    expect(rows).toHaveLength(LIMITS.writes);
    const reads = await many(LIMITS.reads * 2, () => ask(who, "GET", "/v1/quota", { at }));
    expect(passed(reads)).toHaveLength(LIMITS.reads);
    expectTurnedAway(refused(reads));
    // Whatever they do, somebody else is served.
    expect((await ask(await newUser(), "GET", "/v1/quota", { at })).status).toBe(200);
  });

  it("by one address is turned away before anybody is asked who it is", async () => {
    const answers = await many(LIMITS.address + 100, () =>
      ask(undefined, "GET", "/v1/quota", { at, from: "127.0.0.2" }),
    );
    const unknown = answers.filter(({ status }) => status === 401);
    expect(unknown).toHaveLength(LIMITS.address);
    expectTurnedAway(answers.filter(({ status }) => status !== 401));
    // An address that somebody claims counts for nothing.
    const claimed = { at, from: "127.0.0.2", headers: { "x-forwarded-for": "192.0.2.77" } };
    expectTurnedAway([await ask(undefined, "GET", "/v1/quota", claimed)]);
    expect((await ask(undefined, "GET", "/v1/quota", { at })).status).toBe(401);
  });

  it("with uploads that are begun and never finished ends at the most that one may have open", async () => {
    const who = await newUser();
    const files = Array.from({ length: 100 }, (_, index) => ({
      clientId: `${index}`,
      name: "a.wav",
      size: 100,
      method: "put",
    }));
    const results = (
      await many(
        11,
        async () =>
          (
            await ask(who, "POST", "/v1/uploads", { json: { files } })
          ).json<{ results: { error?: { code: string } }[] }>().results,
      )
    ).flat();
    expect(results.filter(({ error }) => error === undefined)).toHaveLength(1000);
    expect(new Set(results.flatMap(({ error }) => error?.code ?? []))).toEqual(
      new Set(["too_many_sessions"]),
    );
    const before = new Set((await bucket.openUploads()).map(({ key }) => key));
    const more = await ask(who, "POST", "/s3/multipart", {
      json: { filename: "a.wav", type: "audio/wav", metadata: { size: 100 } },
    });
    expect({ status: more.status, code: more.code }).toEqual({ status: 429, code: "too_many_sessions" });
    expect(Number(more.headers["retry-after"])).toBeGreaterThan(0);
    expect((await bucket.openUploads()).filter(({ key }) => !before.has(key))).toEqual([]);
    expect(await usageOf(who)).toEqual({ ...NOTHING, reservedBytes: 100_000, reservedFiles: 1000 });
  });

  it("with bodies and batches over the limit is refused, whether they say how long they are or not, and is not kept in memory", async () => {
    const who = await newUser();
    using memory = watchMemory();
    const headers = { "content-type": "application/json" };
    await many(20, async () => {
      const claims = { ...headers, "content-length": "2000000000", connection: "close" };
      const answer = await ask(who, "POST", "/v1/uploads", { headers: claims, body: "{" });
      expect({ status: answer.status, code: answer.code }).toEqual({ status: 413, code: "body_too_large" });
    });
    const sent = await many(4, () => sendWithoutEnd(40 * MIB));
    for (const { head, bytes } of sent) {
      expect(head).toMatch(/^HTTP\/1.1 413 /);
      expect(bytes).toBeLessThan(20 * MIB);
    }
    expect(await memory.growth()).toBeLessThan(100 * MIB);
    const file = { clientId: "1", name: "a.wav", size: 100 };
    for (const json of [
      { files: Array.from({ length: 101 }, () => file) },
      {
        files: [
          {
            ...file,
            metadata: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, "v"])),
          },
        ],
      },
      { files: [{ ...file, metadata: { k: "v".repeat(1001) } }] },
      { files: [{ ...file, name: `${"a".repeat(500)}.wav` }] },
      { files: [] },
    ])
      expect((await ask(who, "POST", "/v1/uploads", { json })).code).toBe("invalid_request");
    for (const body of [
      "[".repeat(MIB - 10),
      `{"files":${"[".repeat(MIB - 100)}`,
      `{"files":[${'{"a":'.repeat(100_000)}`,
      `"${"\\u0000".repeat(100_000)}"`,
    ])
      expect((await ask(who, "POST", "/v1/uploads", { headers, body })).status).toBe(400);
    const deep = `{"files":${"[".repeat(400_000)}${"]".repeat(400_000)}}`;
    expect((await ask(who, "POST", "/v1/uploads", { headers, body: deep })).status).toBe(400);
    expect(await usageOf(who)).toEqual(NOTHING);
  });

  it("with a hundred requests that never end does not keep anybody else waiting, and they are cut off", async () => {
    for (const socket of slow) socket.write("X-Slow: 1\r\n");
    const answers = await many(20, () => ask(undefined, "GET", "/healthz"));
    for (const { status, tookMs } of answers) {
      expect(status).toBe(200);
      expect(tookMs).toBeLessThan(5_000);
    }
    if (!SCALE.isFull) return;
    while (isCut < SLOW_CONNECTIONS && performance.now() - beganAt < CUT_AFTER_MS) await delay(500);
    expect(isCut).toBe(SLOW_CONNECTIONS);
  });
});

/** A body in chunks, by somebody who is signed in and sends on until told to stop. @returns The answer's head, and how much was taken. */
async function sendWithoutEnd(most: number): Promise<{ head: string; bytes: number }> {
  const token = await tokenOf(await newUser());
  const socket = connect(Number(new URL(target.url).port), "127.0.0.1");
  let head = "";
  let isOver = false;
  socket.setEncoding("utf8").on("data", (text: string) => {
    head += text;
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isOver = true;
  });
  await once(socket, "connect");
  socket.write(
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
  let bytes = 0;
  while (!isOver && head === "" && bytes < most) {
    const hasRoom = socket.write(chunk);
    bytes += 0x10000;
    if (!hasRoom) await Promise.race([once(socket, "drain"), once(socket, "close"), delay(2000)]);
    await delay(0);
  }
  if (head === "" && !isOver) await Promise.race([once(socket, "data"), once(socket, "close"), delay(5000)]);
  socket.destroy();
  return { head, bytes };
}
