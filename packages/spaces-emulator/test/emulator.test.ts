import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const Bucket = "own-tests";
const MiB = 1024 * 1024;

describe("an emulator in a process of its own", () => {
  let dataDir: string;
  let secret: string;
  let child: ChildProcess;
  let endpoint: string;
  let s3: S3Client;

  async function start(): Promise<void> {
    const main = join(import.meta.dirname, "emulator-process.ts");
    // As `npm start` has it: buffers that bytes arrive in are given back sooner.
    child = spawn(process.execPath, ["--max-semi-space-size=8", main, dataDir, secret], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { stdout } = child;
    if (stdout === null) throw new Error("no output");
    endpoint = String((await once(stdout, "data"))[0]).trim();
    s3 = new S3Client({
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "EMULATOR", secretAccessKey: secret },
      forcePathStyle: true,
      maxAttempts: 1,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  }

  async function kill(): Promise<void> {
    s3.destroy();
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "emulator-"));
    secret = randomUUID();
    await start();
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  afterEach(async () => {
    await kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  const read = async (Key: string): Promise<string | undefined> =>
    (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

  it("finds everything again after a SIGKILL: objects, open uploads, their parts", async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: "kept", Body: "kept", ContentType: "audio/wav" }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "open" }));
    const part = { Bucket, Key: "open", UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: "part one" }));
    await kill();
    await start();
    expect(await read("kept")).toBe("kept");
    expect((await s3.send(new ListPartsCommand(part))).Parts).toHaveLength(1);
    const Parts = [{ PartNumber: 1, ETag }];
    await s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts } }));
    expect(await read("open")).toBe("part one");
  });

  it("gives the whole of an object that is deleted while it is read, and then keeps none of it", async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "read" }));
    const upload = { Bucket, Key: "read", UploadId };
    const Parts = await Promise.all(
      [1, 2, 3].map(async (PartNumber) => {
        const Body = Buffer.alloc(5 * MiB, PartNumber);
        return {
          PartNumber,
          ETag: (await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }))).ETag,
        };
      }),
    );
    await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "read" }));
    const reader = (Body as Readable)[Symbol.asyncIterator]();
    let length = ((await reader.next()).value as Buffer).length;
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "read" }));
    await expect(read("read")).rejects.toMatchObject({ name: "NoSuchKey" });
    for (let next = await reader.next(); next.done !== true; next = await reader.next())
      length += (next.value as Buffer).length;
    expect(length).toBe(15 * MiB);
    await expect.poll(() => readdir(join(dataDir, "blobs"))).toEqual([]);
  });

  it("keeps no trace of a PUT that was cut by a SIGKILL", async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: "cut", Body: "old" }));
    const url = new URL(
      await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "cut", ContentLength: 50 * MiB })),
    );
    const socket = connect(Number(url.port), url.hostname);
    socket.on("error", () => undefined);
    socket.write(
      `PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${50 * MiB}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(10 * MiB));
    for (let i = 0; i < 100 && (await readdir(join(dataDir, "temp"))).length === 0; i++) await delay(20);
    expect(await readdir(join(dataDir, "temp"))).toHaveLength(1);
    await kill();
    await start();
    expect(await read("cut")).toBe("old");
    expect(await readdir(join(dataDir, "temp"))).toEqual([]);
    expect(await readdir(join(dataDir, "blobs"))).toHaveLength(1);
  });

  it("keeps no trace of a sender who goes away", async () => {
    const url = new URL(
      await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "gone", ContentLength: 5 * MiB })),
    );
    const socket = connect(Number(url.port), url.hostname);
    socket.on("error", () => undefined);
    socket.write(
      `PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${5 * MiB}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(MiB));
    for (let i = 0; i < 100 && (await readdir(join(dataDir, "temp"))).length === 0; i++) await delay(20);
    socket.destroy();
    for (let i = 0; i < 100 && (await readdir(join(dataDir, "temp"))).length > 0; i++) await delay(20);
    expect(await readdir(join(dataDir, "temp"))).toEqual([]);
    await expect(read("gone")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("holds under 200 MiB of memory while 1 GiB arrives on four connections", async () => {
    const body = Buffer.alloc(32 * MiB, 7);
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "big" }));
    let peakKiB = 0;
    const numbers = Array.from({ length: 32 }, (_, index) => index + 1);
    const lane = async (): Promise<void> => {
      for (let PartNumber = numbers.shift(); PartNumber !== undefined; PartNumber = numbers.shift()) {
        const part = { Bucket, Key: "big", UploadId, PartNumber, ContentLength: body.length };
        const answer = await fetch(await getSignedUrl(s3, new UploadPartCommand(part)), {
          method: "PUT",
          body,
        });
        expect(answer.status).toBe(200);
        const status = await readFile(`/proc/${child.pid}/status`, "utf8");
        peakKiB = Math.max(peakKiB, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]));
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const Parts = Array.from({ length: 32 }, (_, index) => ({ PartNumber: index + 1, ETag: etag }));
    await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: "big", UploadId, MultipartUpload: { Parts } }),
    );
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "big" }));
    let size = 0;
    for await (const bytes of Body as Readable) size += (bytes as Buffer).length;
    expect(size).toBe(1024 * MiB);
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    expect(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024).toBeLessThan(200);
  }, 120_000);

  it("keeps every byte inside its directory, whatever the key", async () => {
    const keys = [
      "../../../../etc/x",
      "/absolute",
      "..",
      ".",
      "a/../../b",
      "x".repeat(1024),
      "nul%00",
      "日本/\u0001",
    ];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    for (const Key of keys) expect(await read(Key)).toBe(Key);
    const { Contents = [] } = await s3.send(new ListObjectsCommand({ Bucket, EncodingType: "url" }));
    expect(Contents).toHaveLength(keys.length);
    expect((await readdir(dataDir)).sort()).toEqual(["blobs", "buckets", "temp", "uploads"]);
  });

  it("answers nonsense with a refusal, and goes on", async () => {
    const cases: [string, RequestInit][] = [
      ["/%zz", {}],
      ["/%C3%28", {}],
      [`/${"x".repeat(70)}`, { method: "PUT" }],
      [`/${Bucket}/${"k".repeat(1025)}`, {}],
      [`/${Bucket}/k`, { headers: { authorization: "AWS4-HMAC-SHA256 nonsense" } }],
      [`/${Bucket}/k?X-Amz-Signature=0&X-Amz-Expires=abc`, { method: "PUT", body: "x" }],
      [`/${Bucket}`, { method: "POST", body: "no form" }],
      [
        `/${Bucket}`,
        { method: "POST", body: "--b", headers: { "content-type": "multipart/form-data; boundary=b" } },
      ],
      [`/${Bucket}`, { method: "PATCH" }],
      [`/${Bucket}?policy`, {}],
    ];
    for (const [path, init] of cases) {
      const answer = await fetch(endpoint + path, init);
      await answer.text();
      expect([path, answer.status >= 400 && answer.status !== 500]).toEqual([path, true]);
    }
    await s3.send(new PutObjectCommand({ Bucket, Key: "after", Body: "fine" }));
    expect(await read("after")).toBe("fine");
  });

  it("takes hundreds of small PUTs at once", async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `many/${index}`);
    await Promise.all(
      keys.map(async (Key) => {
        const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }));
        expect((await fetch(url, { method: "PUT", body: Key })).status).toBe(200);
      }),
    );
    const { Contents = [] } = await s3.send(new ListObjectsCommand({ Bucket, Prefix: "many/" }));
    expect(Contents).toHaveLength(300);
  });
});
