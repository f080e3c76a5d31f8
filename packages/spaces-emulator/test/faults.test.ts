import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  CompleteMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { connectFaults } from "../src/faults.ts";
import { startSpacesEmulator } from "../src/index.ts";
import { MIN_PART } from "./contract/multipart.ts";
import { bytes, ORIGIN, refusal, refusalOf } from "./contract/open-store.ts";
import { openFaultyStore, TOKEN } from "./faulty-store.ts";

let store: Awaited<ReturnType<typeof openFaultyStore>>;
beforeAll(async () => {
  store = await openFaultyStore();
});
afterAll(() => store.close());
afterEach(() => store.faults.restart(1));

/** What happened, in short. */
const struck = async (): Promise<string[]> =>
  (await store.faults.log()).map(({ fault, operation }) => `${fault} ${operation}`);

const putTo = async (url: string, body: string | Buffer, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { method: "PUT", body: typeof body === "string" ? body : new Uint8Array(body), ...init });

/** An upload of one part that is ready to be completed. */
async function ready(key: string) {
  const id = await store.mp.create(key);
  const parts = [await store.mp.send(key, id, 1, Buffer.from("the whole of it"))];
  const complete = new CompleteMultipartUploadCommand({
    ...store.at(key),
    UploadId: id,
    MultipartUpload: { Parts: parts },
  });
  return { id, complete: (options: { abortSignal?: AbortSignal } = {}) => store.s3.send(complete, options) };
}

describe("an error", () => {
  it("answers in the place of the store, until it is healed, and nothing is done", async () => {
    await store.faults.inject({ fault: "error", status: 503, operation: "PutObject" });
    const put = await putTo(await store.putUrl("error/none"), bytes(MIN_PART), {
      headers: { origin: ORIGIN },
    });
    // A page can read it, as it can the real one.
    expect(put.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(await refusalOf(put)).toBe("503 SlowDown");
    expect(await refusal(store.put("error/none", "x"))).toBe("503 SlowDown");
    expect(await store.has("error/none")).toBe(false);
    await store.faults.heal();
    await store.put("error/none", "x");
    expect(await store.has("error/none")).toBe(true);
    expect(await struck()).toEqual(["error PutObject", "error PutObject"]);
  });

  it("hides that it was done", async () => {
    await store.faults.inject({ fault: "error", effect: "done", code: "Whatever", status: 502 });
    expect(await refusal(store.put("error/done", "x"))).toBe("502 Whatever");
    await store.faults.heal();
    expect(await store.has("error/done")).toBe(true);
  });

  it("comes in a burst that a client outlasts", async () => {
    await store.faults.inject({ fault: "error", times: 3 });
    await store.patient.send(new PutObjectCommand({ ...store.at("error/burst"), Body: "x" }));
    expect(await struck()).toEqual(Array(3).fill("error PutObject"));
  });

  it("lasts for as long as it was asked to", async () => {
    const begin = performance.now();
    await store.faults.inject({ fault: "error", status: 503, forMs: 400 });
    const url = await store.putUrl("error/for");
    while ((await putTo(url, "x")).status === 503);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(399);
    expect((await struck()).length).toBeGreaterThan(0);
  });

  it("in the body of a 200 is an error to who looks there", async () => {
    for (const effect of ["none", "done"] as const) {
      await store.faults.restart();
      await store.faults.inject({ fault: "error-in-200", effect, times: 1 });
      const upload = await ready(`in-200/${effect}`);
      // The SDK's word for it.
      expect(await refusal(upload.complete())).toBe("503 InternalError");
      expect(await store.has(`in-200/${effect}`)).toBe(effect === "done");
      await upload.complete();
      expect(await struck()).toEqual(["error-in-200 CompleteMultipartUpload"]);
    }
  });
});

describe("an answer", () => {
  it("to Complete is lost, and the same is said to who asks again", async () => {
    const upload = await ready("lost");
    await store.faults.inject({ fault: "lost-answer", operation: "CompleteMultipartUpload", times: 1 });
    await expect(upload.complete()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await store.has("lost")).toBe(true);
    expect((await upload.complete()).ETag).toMatch(/-1"$/);
    expect(await struck()).toEqual(["lost-answer CompleteMultipartUpload"]);
  });

  it("that would be a refusal is not lost", async () => {
    await store.faults.inject({ fault: "lost-answer" });
    expect(await refusal(store.mp.abort("lost/unknown", "2~no"))).toBe("404 NoSuchUpload");
    expect(await struck()).toEqual([]);
  });

  it.each(["none", "done"] as const)("does not come, whether it was done or not: %s", async (effect) => {
    const key = `time-out/${effect}`;
    await store.faults.inject({ fault: "time-out", effect, operation: "PutObject" });
    const signal = AbortSignal.timeout(300);
    await expect(putTo(await store.putUrl(key), "x", { signal })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    expect(await store.has(key)).toBe(effect === "done");
    const hanging = putTo(await store.putUrl(key), "x");
    await vi.waitUntil(async () => (await struck()).length === 2);
    await store.faults.heal();
    await expect(hanging).rejects.toThrow();
  });

  it("is cut in two, and HTTP says so, or does not", async () => {
    const body = bytes(300_000);
    await store.put("truncated", body);
    const url = await store.getUrl("truncated");
    await store.faults.inject({ fault: "truncated", times: 1 });
    await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow();
    await store.faults.inject({ fault: "truncated", seemsWhole: true, operation: "GetObject" });
    const half = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(half.equals(body.subarray(0, 150_000))).toBe(true);

    const upload = await ready("truncated-complete");
    await store.faults.inject({ fault: "truncated", seemsWhole: true });
    await expect(upload.complete()).rejects.toThrow();
    expect(await store.has("truncated-complete")).toBe(true);
    expect(await struck()).toEqual([
      "truncated GetObject",
      "truncated GetObject",
      "truncated CompleteMultipartUpload",
    ]);
  });

  it("keeps its ETag from pages, and what else they may read", async () => {
    await store.faults.inject({ fault: "hidden-etag" });
    const put = await putTo(await store.putUrl("etag"), "x", { headers: { origin: ORIGIN } });
    expect(put.headers.get("access-control-expose-headers")).toBe("x-amz-id");
    expect(put.headers.get("etag")).not.toBeNull();
    // Not from a page: there is nothing to hide.
    await putTo(await store.putUrl("etag"), "x");
    expect(await struck()).toEqual(["hidden-etag PutObject"]);
  });
});

describe("a connection", () => {
  it("is reset in the body that comes, and nothing of it stays", async () => {
    for (const rule of [{}, { afterBytes: 0 }, { afterBytes: 10 * MIN_PART }]) {
      await store.faults.inject({ fault: "reset", times: 1, ...rule });
      await expect(putTo(await store.putUrl("reset"), bytes(MIN_PART))).rejects.toThrow();
    }
    expect(await store.has("reset")).toBe(false);
    await expect.poll(() => readdir(join(store.dataDir, "temp"))).toEqual([]);
    expect(await struck()).toEqual(Array(3).fill("reset PutObject"));
  });

  it("is reset in the body that goes", async () => {
    await store.put("reset-get", bytes(1_000_000));
    await store.faults.inject({ fault: "reset", afterBytes: 1000 });
    const { status, body } = await fetch(await store.getUrl("reset-get"));
    expect(status).toBe(200);
    let received = 0;
    const readAll = async (): Promise<void> => {
      for await (const piece of body ?? []) received += piece.length;
    };
    await expect(readAll()).rejects.toThrow();
    expect(received).toBeLessThanOrEqual(1000);
    expect(await struck()).toEqual(["reset GetObject"]);
  });

  it("is reset where there is no body", async () => {
    const id = await store.mp.create("reset-abort");
    await store.faults.inject({ fault: "reset", operation: "AbortMultipartUpload" });
    await expect(store.mp.abort("reset-abort", id)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await store.mp.list("reset-abort", id)).toMatchObject({ UploadId: id });
  });

  it("is slow both ways, and quick again when healed", async () => {
    const body = bytes(200_000);
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const begin = performance.now();
      await work();
      return performance.now() - begin;
    };
    await store.faults.inject({ fault: "slow-socket", bytesPerSecond: 500_000 });
    expect(await timed(() => store.put("slow", body))).toBeGreaterThan(390);
    const read = async (): Promise<Buffer> => {
      const answer = await store.s3.send(new GetObjectCommand(store.at("slow")));
      return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    };
    let got: Buffer = Buffer.alloc(0);
    expect(
      await timed(async () => {
        got = await read();
      }),
    ).toBeGreaterThan(390);
    expect(got.equals(body)).toBe(true);
    await store.faults.restart();

    await store.faults.inject({ fault: "slow-socket", bytesPerSecond: 1 });
    const put = store.put("slow", bytes(200_000, 2));
    await vi.waitUntil(async () => (await struck()).length === 1);
    await store.faults.heal();
    await put;
    expect((await read()).equals(bytes(200_000, 2))).toBe(true);
  });
});

describe("a store", () => {
  it("takes its time, before it does something or after", async () => {
    const begin = performance.now();
    await store.faults.inject({ fault: "delay", ms: 300, times: 1 });
    await store.put("delay", "x");
    expect(performance.now() - begin).toBeGreaterThanOrEqual(299);

    for (const effect of ["none", "done"] as const) {
      const held = await store.faults.inject({ fault: "delay", effect, operation: "PutObject" });
      const put = store.put(`delay/${effect}`, "x");
      await vi.waitUntil(async () => (await held.log()).length === 1);
      expect(await store.has(`delay/${effect}`)).toBe(effect === "done");
      await held.heal();
      await put;
      expect(await store.has(`delay/${effect}`)).toBe(true);
    }
  });

  it("works on a Complete, and answers another one with Ceph's 500", async () => {
    const upload = await ready("slow-complete");
    const slow = await store.faults.inject({ fault: "slow-complete", times: 1 });
    const first = upload.complete();
    await vi.waitUntil(async () => (await slow.log()).length === 1);
    expect(await refusal(upload.complete())).toBe("500 InternalError");
    expect(await store.has("slow-complete")).toBe(false);
    await slow.heal();
    await first;
    expect(await store.has("slow-complete")).toBe(true);
  });

  it("goes on with a Complete whose client has gone, but not when it is stopped itself", async () => {
    const upload = await ready("left");
    await store.faults.inject({ fault: "slow-complete", ms: 500 });
    await expect(upload.complete({ abortSignal: AbortSignal.timeout(100) })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(await store.has("left")).toBe(false);
    await expect.poll(() => store.has("left")).toBe(true);

    const another = await openFaultyStore();
    onTestFinished(() => another.close());
    await another.put("kept", "x");
    const held = await another.faults.inject({ fault: "delay", operation: "DeleteObject" });
    const deleted = another.s3.send(new DeleteObjectCommand(another.at("kept")));
    await vi.waitUntil(async () => (await held.log()).length === 1);
    await Promise.all([expect(deleted).rejects.toThrow(), another.stop()]);
    await held.heal();
    await delay(100);
    expect(await readdir(join(another.dataDir, "blobs"))).toHaveLength(1);
  });

  it("has a clock of its own", async () => {
    const [short, long] = [await store.putUrl("clock"), await store.putUrl("clock", 7 * 24 * 3600)];
    await store.faults.inject({ fault: "clock-skew", aheadMs: 3_600_000 });
    expect(await refusalOf(await putTo(short, "x"))).toBe("403 AccessDenied");
    expect((await putTo(long, "x")).status).toBe(200);
    expect(await refusal(store.put("clock", "x"))).toBe("403 RequestTimeTooSkewed");
    expect(await struck()).toEqual(["clock-skew PutObject", "clock-skew PutObject"]);
    await store.faults.restart();
    await store.faults.inject({ fault: "clock-skew", aheadMs: -3_600_000 });
    expect(await refusalOf(await putTo(short, "x"))).toBe("403 AccessDenied");
  });

  it("lists what there was", async () => {
    const list = async (): Promise<(string | undefined)[]> => {
      const page = await store.s3.send(new ListObjectsV2Command({ Bucket: store.bucket, Prefix: "stale/" }));
      return (page.Contents ?? []).map(({ Key }) => Key);
    };
    const [old, upload] = [await ready("stale/open"), await store.put("stale/gone", "x")];
    expect(upload.ETag).toBeDefined();
    await store.faults.inject({ fault: "stale-list" });
    await store.put("stale/new", "x");
    await store.s3.send(new DeleteObjectCommand(store.at("stale/gone")));
    await store.mp.send("stale/open", old.id, 2, Buffer.from("later"));
    const newer = await store.mp.create("stale/newer");
    expect(await list()).toEqual(["stale/gone"]);
    expect((await store.mp.list("stale/open", old.id)).Parts).toHaveLength(1);
    expect((await store.mp.uploads("stale/")).Uploads?.map(({ Key }) => Key)).toEqual(["stale/open"]);
    expect(await refusal(store.mp.list("stale/newer", newer))).toBe("404 NoSuchKey");
    // What is not a list tells the truth.
    expect([await store.has("stale/new"), await store.has("stale/gone")]).toEqual([true, false]);
    expect(await struck()).toEqual(
      ["ListObjectsV2", "ListParts", "ListMultipartUploads"].map((of) => `stale-list ${of}`),
    );
    await store.faults.heal();
    expect(await list()).toEqual(["stale/new"]);
    expect((await store.mp.list("stale/open", old.id)).Parts).toHaveLength(2);
  });

  it("is full, by disk or by quota, and still lets go of what it has", async () => {
    const upload = await ready("full/parts");
    await store.faults.inject({ fault: "store-full" });
    expect(await refusal(store.put("full/disk", bytes(MIN_PART)))).toBe("507 InsufficientStorage");
    await store.faults.restart();
    await store.faults.inject({ fault: "store-full", of: "quota" });
    expect(await refusal(store.put("full/quota", bytes(MIN_PART)))).toBe("403 QuotaExceeded");
    expect(await refusal(store.mp.send("full/parts", upload.id, 2, bytes(MIN_PART)))).toBe(
      "403 QuotaExceeded",
    );
    expect(await refusal(store.mp.create("full/new"))).toBe("403 QuotaExceeded");
    await upload.complete();
    await store.s3.send(new DeleteObjectCommand(store.at("full/parts")));
    expect(await readdir(join(store.dataDir, "temp"))).toEqual([]);
    expect(await store.has("full/disk")).toBe(false);
  });
});

describe("a rule", () => {
  it("strikes by operation, key and number, and tells which request it was", async () => {
    const rule = await store.faults.inject({
      fault: "error",
      keyPrefix: "match/a",
      nth: 2,
      operation: "PutObject",
    });
    const results: string[] = [];
    for (const key of ["match/a", "match/b", "other", "match/a"])
      results.push(await refusal(store.put(key, key)));
    const read = await fetch(await store.getUrl("match/a"));
    expect([...results, read.status]).toEqual([...Array(3).fill("no refusal"), "500 InternalError", 200]);
    const { at: _at, ...entry } = (await rule.log())[0] ?? { at: "" };
    expect(entry).toEqual({
      ruleId: rule.id,
      fault: "error",
      operation: "PutObject",
      bucket: store.bucket,
      key: "match/a",
      partNumber: undefined,
      request: 2,
    });
  });

  it("strikes the same by the same seed", async () => {
    const run = async (seed: number): Promise<string> => {
      await store.faults.restart(seed);
      await store.faults.inject({ fault: "error", probability: 0.5 });
      const url = await store.putUrl("seed");
      let pattern = "";
      for (let i = 0; i < 40; i++) pattern += (await putTo(url, "x")).ok ? "." : "x";
      return pattern;
    };
    const first = await run(7);
    expect(first).toMatch(/(?=.*x)(?=.*\.)/);
    expect(await run(7)).toBe(first);
    expect(await run(8)).not.toBe(first);
  });

  it("leaves preflights alone, unless it names them", async () => {
    const preflight = async (): Promise<number> => {
      const headers = { origin: ORIGIN, "access-control-request-method": "PUT" };
      return (await fetch(await store.putUrl("preflight"), { method: "OPTIONS", headers })).status;
    };
    await store.faults.inject({ fault: "error", status: 503 });
    expect(await preflight()).toBe(200);
    await store.faults.inject({ fault: "error", status: 503, operation: "Preflight" });
    expect(await preflight()).toBe(503);
  });
});

describe("faults from another process", () => {
  it("are the same as in this one", async () => {
    const faults = connectFaults({ endpoint: store.endpoint, token: TOKEN });
    const rule = await faults.inject({ fault: "error", status: 503, keyPrefix: "remote" });
    const other = await faults.inject({ fault: "error", keyPrefix: "other" });
    expect(await refusal(store.put("remote", "x"))).toBe("503 SlowDown");
    await rule.heal();
    await store.put("remote", "x");
    expect(await refusal(store.put("other", "x"))).toBe("500 InternalError");
    expect(await rule.log()).toHaveLength(1);
    // JSON has no `undefined`.
    expect(await faults.log()).toEqual(JSON.parse(JSON.stringify(await store.faults.log())));
    await faults.restart(3);
    await other.heal();
    expect(await faults.log()).toEqual([]);
    await store.put("other", "x");
    await expect(faults.inject({ fault: "error", nth: -1 })).rejects.toMatchObject({
      code: "invalid_rule",
      message: expect.stringContaining("nth"),
    });
    await expect(faults.restart(0.5)).rejects.toMatchObject({ code: "invalid_rule" });
  });

  it("are nobody's without the token, nor a page's with it; it is as if there were nothing", async () => {
    const wrong = connectFaults({ endpoint: store.endpoint, token: `${TOKEN}.` });
    for (const call of [wrong.inject({ fault: "error" }), wrong.heal(), wrong.log(), wrong.restart()])
      await expect(call).rejects.toMatchObject({ code: "not_open" });
    const authorization = `Bearer ${TOKEN}`;
    const answers = await Promise.all(
      [
        fetch(`${store.endpoint}/_faults`, { headers: { authorization, origin: ORIGIN } }),
        fetch(`${store.endpoint}/_faults`),
        fetch(`${store.endpoint}/_nothing`, { headers: { authorization } }),
      ].map(async (answer) => refusalOf(await answer)),
    );
    expect(answers).toEqual(Array(3).fill("403 AccessDenied"));
    const huge = { method: "POST", headers: { authorization }, body: "x".repeat(100_000) };
    expect((await fetch(`${store.endpoint}/_faults`, huge)).status).toBe(400);
    const noJson = { ...huge, body: "{" };
    expect((await fetch(`${store.endpoint}/_faults`, noJson)).status).toBe(400);
    await store.put("untouched", "x");
  });

  it("are not taken by default, nor with a token that can be guessed", async () => {
    const options = { port: 0, dataDir: join(store.dataDir, "another"), credentials: [] };
    await expect(startSpacesEmulator({ ...options, faultToken: "short" })).rejects.toMatchObject({
      code: "invalid_rule",
    });
    const closed = await startSpacesEmulator(options);
    onTestFinished(() => closed.close());
    const faults = connectFaults({ endpoint: closed.endpoint, token: TOKEN });
    await expect(faults.log()).rejects.toMatchObject({ code: "not_open" });
    await closed.close();
    await expect(faults.log()).rejects.toMatchObject({ code: "unreachable" });
  });
});
