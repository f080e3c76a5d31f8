import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultKit } from "@audiotricks/spaces-emulator/faults";
import { type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ground } from "../src/conformance/ground.ts";
import { LIMITS } from "../src/conformance/limits.ts";
import type { Finding, Probe } from "../src/conformance/probe.ts";
import { PROBES } from "../src/conformance/probes.ts";
import { runProbes } from "../src/conformance/run-probes.ts";
import { contentsOf, openS3 } from "./bucket-contents.ts";
import { runCommand, runJson } from "./run-command.ts";
import { openEmulator, STORES, type TestStore } from "./stores.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");

/** What of a store is not as facts of Ceph or the vendor's pages have it. By http, on an address; the rest is as stated. */
const OTHERS: Record<string, Record<string, string>> = {
  Ceph: {
    "two-hosts": "an address has no subdomains",
    // The newer gateways have these.
    replication: "known",
    "object-lock": "known",
    // Signatures of this one cover the headers that they name and no others.
    "acl-unsigned": "200",
  },
  "the emulator": {
    "two-hosts": "an address has no subdomains",
    policy: "501 NotImplemented",
    notifications: "501 NotImplemented",
    tagging: "501 NotImplemented",
  },
};
const UNTOLD: Record<string, string[]> = {
  Ceph: ["http-version", "more-regions", "customer-key", "server-side-encryption"],
  "the emulator": ["http-version", "more-regions"],
};
const ODDITIES: Record<string, string> = {
  "content-md5": "400 BadDigest",
  "content-md5-malformed": "400 InvalidDigest",
  "part-number-0": "200",
  "part-number-10001": "200",
  "list-parts-of-unknown-upload": "404 NoSuchKey",
  "abort-twice": "204, 404 NoSuchUpload",
  "complete-first-etag": "empty",
  "complete-twice": "200, same object",
  "complete-unknown": "500 InternalError",
  "complete-aborted": "500 InternalError",
  "complete-wrong-etag": "400 InvalidPart",
  "complete-small-part": "400 EntityTooSmall",
  "complete-some-parts": "400 InvalidPart",
  "complete-out-of-order": "200",
  "complete-if-none-match": "200",
  "put-if-none-match": "412 PreconditionFailed",
  "cors-on-refusal": "none",
  "checksum-header": "200",
  "content-sha256": "refused",
  "sdk-stream": "411 MissingContentLength",
};

interface Answered {
  prefix: string;
  findings: Finding[];
  isInterrupted: boolean;
  cost: { requests: number; bytes: number };
  cleanUp: unknown;
}

const envOf = (store: TestStore, bucket: string) => ({
  SPACES_ENDPOINT: store.endpoint,
  SPACES_REGION: store.region,
  SPACES_BUCKET: bucket,
  SPACES_KEY: store.accessKeyId,
  SPACES_SECRET: store.secretAccessKey,
});

describe.each(STORES)("conformance on %s", (name, open) => {
  let store: TestStore;
  let s3: S3Client;
  let bucket: string;
  let target: Parameters<typeof runProbes>[0];
  beforeAll(async () => {
    store = await open();
    s3 = openS3(store);
    bucket = `cli-${randomUUID()}`;
    await prepareBucket({ ...store, bucket }, { allowedOrigins: ["https://app.example.com"] });
    // What others have there, some of it at keys that look like ours.
    for (const Key of ["audio/take.wav", "conformance/mine", "conformance"])
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
    for (const Key of ["audio/under-way.wav", "conformance/under-way"]) {
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
      await s3.send(new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber: 1, Body: "x" }));
    }
    const { endpoint, region, accessKeyId, secretAccessKey } = store;
    const credentials = { accessKeyId, secretAccessKey };
    target = { endpoint, region, bucket, credentials, forcePathStyle: true, isPublicOnly: false };
  });
  afterAll(async () => {
    s3.destroy();
    await store[Symbol.asyncDispose]();
  });

  it("knows every behaviour that is known, keeps within its bounds, and leaves the bucket as it was", async () => {
    const before = await contentsOf(s3, bucket);
    const run = await runCommand(["conformance", "--json"], { env: envOf(store, bucket) });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).not.toContain(store.secretAccessKey);
    expect(await contentsOf(s3, bucket)).toEqual(before);

    const { findings, cost, cleanUp } = JSON.parse(run.stdout) as Answered;
    expect(cleanUp).toEqual({ isClean: true });
    expect(cost.bytes).toBeGreaterThan(5 * 1024 ** 2);
    expect(cost.bytes).toBeLessThan(LIMITS.bytes);
    expect(cost.requests).toBeLessThan(LIMITS.requests);
    expect(findings.map((finding) => finding.name)).toEqual(PROBES.map((probe) => probe.name));
    const answers = Object.fromEntries(
      findings.flatMap(({ name, outcome }) => ("answer" in outcome ? [[name, outcome.answer]] : [])),
    );
    expect(answers).toMatchObject(ODDITIES);
    expect(answers["complete-at-once"]).toMatch(/^200/);
    const others = findings.filter(({ outcome }) => outcome.verdict === "other").map(({ name }) => name);
    expect(Object.fromEntries(others.map((name) => [name, answers[name]]))).toEqual(OTHERS[name]);
    const untold = findings.filter(({ outcome }) => outcome.verdict === "could_not_tell");
    const unasked = PROBES.filter((probe) => "notProbed" in probe).map((probe) => probe.name);
    expect(untold.map(({ name }) => name).toSorted()).toEqual(
      [...(UNTOLD[name] ?? []), ...unasked].toSorted(),
    );
  });

  it("says where and how much before it starts, and prints a table", async () => {
    const { exitCode, stdout, stderr } = await runCommand(["conformance"], { env: envOf(store, bucket) });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^Asking \S+ at \S+, under conformance\/[0-9a-f-]{36}\/ only: at most 400 requests and 8\.0 MiB/,
    );
    expect(stdout).toMatch(/^PROBE +ASKED +ANSWER +VERDICT +MEANS\n/);
    expect(stdout).toMatch(/^complete-first-etag .* empty +as stated /m);
    expect(stdout).toContain("The bucket is as it was");
  });

  it("removes what it has made when a probe breaks, and goes on with the next", async () => {
    const before = await contentsOf(s3, bucket);
    const run = await runProbes(target, [breaking, harmless], signals());
    expect(run.findings.map(({ outcome }) => outcome)).toEqual([
      { verdict: "could_not_tell", reason: "the probe itself broke: broken", isConnection: false },
      { verdict: "as_stated", answer: "200" },
    ]);
    expect(run).toMatchObject({ isInterrupted: false, cleanUp: { isClean: true } });
    expect(await contentsOf(s3, bucket)).toEqual(before);
  });

  it("removes what it has made when it is interrupted, and asks nothing more", async () => {
    const before = await contentsOf(s3, bucket);
    const stop = new AbortController();
    const interrupting: Probe = {
      ...harmless,
      ask: async (ground) => {
        await leaveThings(ground);
        stop.abort();
        return await harmless.ask(ground);
      },
    };
    const run = await runProbes(target, [interrupting, harmless], signals(stop.signal));
    expect(run).toMatchObject({ isInterrupted: true, cleanUp: { isClean: true } });
    expect(run.findings.map(({ outcome }) => outcome)).toEqual(
      [1, 2].map(() => ({ verdict: "could_not_tell", reason: "interrupted", isConnection: true })),
    );
    expect(await contentsOf(s3, bucket)).toEqual(before);
  });

  it("leaves nothing behind as a process that is told to end, by whatever signal", async () => {
    const before = await contentsOf(s3, bucket);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, "conformance"], {
        env: { PATH: process.env.PATH ?? "", ...envOf(store, bucket) },
        cwd: tmpdir(),
      });
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
          said += text;
        });
      const ended = once(child, "exit");
      await expect
        .poll(() => countProbed(s3, bucket, said), { timeout: 20_000, interval: 20 })
        .toBeGreaterThan(3);
      child.kill(signal);
      expect(await ended).toEqual([1, null]);
      expect(said).toContain("Interrupted: not everything was asked.");
      expect(said).toContain("The bucket is as it was");
      expect(await contentsOf(s3, bucket)).toEqual(before);
    }
  });

  it("goes by a provider of the database, by id, bucket or vendor", async () => {
    await using database = await createTestDatabase<Database>();
    const env = { DATABASE_URL: database.url, ...envOf(store, bucket) };
    await openProviders({ db: database.db, spaces: { ...store, bucket } });
    const { providers } = await runJson<{ providers: { id: string; name: string }[] }>(["provider", "list"], {
      env,
    });
    const [{ id, name: vendor } = { id: "", name: "" }] = providers;
    for (const asked of name === "Ceph" ? [id] : [id, bucket, vendor])
      expect(await runJson(["conformance", "--provider", asked], { env })).toMatchObject({ bucket });
    const absent = await runCommand(["conformance", "--provider", "absent"], { env });
    expect(absent).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^There is no such provider/),
    });
  });

  it("asks nothing of a bucket that is not there, or not this key's", async () => {
    const before = await contentsOf(s3, bucket);
    for (const env of [
      envOf(store, "no-such-bucket-here"),
      envOf({ ...store, secretAccessKey: "another" }, bucket),
      // The emulator knows no accounts: all its keys are its owner's.
      ...(name === "Ceph" ? [envOf({ ...store, ...store.other }, bucket)] : []),
      { ...envOf(store, bucket), SPACES_ENDPOINT: "http://127.0.0.1:9" },
    ]) {
      const { exitCode, stdout, stderr } = await runCommand(["conformance", "--json"], { env });
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(JSON.parse(stderr)).toMatchObject({ error: { code: "store_unavailable" } });
    }
    expect(await contentsOf(s3, bucket)).toEqual(before);
  });

  // Last: from here on deletes leave versions behind. The local store keeps none.
  if (name !== "Ceph") return;
  it("leaves no version and no marker in a bucket that keeps them", async () => {
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "audio/take.wav", Body: "again" }));
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "conformance/mine" }));
    const before = await contentsOf(s3, bucket);
    expect(before.versions.length).toBeGreaterThan(before.objects.length);
    const { cleanUp } = await runJson<Answered>(["conformance"], { env: envOf(store, bucket) });
    expect(cleanUp).toEqual({ isClean: true });
    expect(await contentsOf(s3, bucket)).toEqual(before);
  });
});

describe("conformance on a store that breaks", () => {
  async function openFaulty() {
    const faults = new FaultKit({ seed: 3 });
    const store = await openEmulator({ faults });
    const bucket = `cli-${randomUUID()}`;
    await prepareBucket({ ...store, bucket }, { allowedOrigins: ["https://app.example.com"] });
    return { faults, store, bucket, s3: openS3(store) };
  }

  it("tells answers from broken connections, and ends with 2", async () => {
    const { faults, bucket, s3, ...site } = await openFaulty();
    await using store = site.store;
    const before = await contentsOf(s3, bucket);
    await faults.inject({ fault: "reset", operation: "CompleteMultipartUpload", nth: 1 });
    await faults.inject({ fault: "error", status: 503, operation: "CopyObject" });
    const { exitCode, stdout } = await runCommand(["conformance", "--json"], { env: envOf(store, bucket) });
    expect(exitCode).toBe(2);
    const { findings, cleanUp } = JSON.parse(stdout) as Answered;
    const outcomes = Object.fromEntries(findings.map(({ name, outcome }) => [name, outcome]));
    expect(outcomes["multipart-etag"]).toEqual({
      verdict: "could_not_tell",
      reason: "no answer: ECONNRESET",
      isConnection: true,
    });
    expect(outcomes["copy-object"]).toEqual({
      verdict: "could_not_tell",
      reason: "the store is busy: 503 SlowDown",
      isConnection: true,
    });
    expect(outcomes["complete-twice"]).toMatchObject({ verdict: "as_stated" });
    expect(cleanUp).toEqual({ isClean: true });
    expect(await contentsOf(s3, bucket)).toEqual(before);
  });

  it("removes what was done without an answer", async () => {
    const { faults, bucket, s3, ...site } = await openFaulty();
    await using store = site.store;
    const before = await contentsOf(s3, bucket);
    for (const operation of ["CompleteMultipartUpload", "CreateMultipartUpload"] as const)
      await faults.inject({ fault: "lost-answer", operation, nth: 3 });
    // Those before it are refused, and have nothing to lose.
    await faults.inject({ fault: "lost-answer", operation: "PutObject", nth: 13 });
    await runCommand(["conformance", "--json"], { env: envOf(store, bucket) });
    expect((await faults.log()).map(({ operation }) => operation).toSorted()).toEqual([
      "CompleteMultipartUpload",
      "CreateMultipartUpload",
      "PutObject",
    ]);
    expect(await contentsOf(s3, bucket)).toEqual(before);
  });

  it("says what it could not remove", async () => {
    const { faults, bucket, ...site } = await openFaulty();
    await using store = site.store;
    const { endpoint, region, accessKeyId, secretAccessKey } = store;
    const credentials = { accessKeyId, secretAccessKey };
    const target = { endpoint, region, bucket, credentials, forcePathStyle: true, isPublicOnly: false };
    await faults.inject({ fault: "error", operation: "DeleteObject" });
    const run = await runProbes(target, [harmless], {
      ...signals(),
      limits: { ...LIMITS, cleanUpMs: 1_000 },
    });
    expect(run.cleanUp).toMatchObject({ isClean: false, answer: "500 InternalError" });
    expect(run.cleanUp).toHaveProperty("left.0.key", expect.stringContaining(run.prefix));
  });

  it("stops asking when it has cost as much as it may", async () => {
    const { bucket, s3, ...site } = await openFaulty();
    await using store = site.store;
    const { endpoint, region, accessKeyId, secretAccessKey } = store;
    const credentials = { accessKeyId, secretAccessKey };
    const target = { endpoint, region, bucket, credentials, forcePathStyle: true, isPublicOnly: false };
    for (const limits of [{ requests: 20 }, { bytes: 1000 }, { askingMs: 1 }]) {
      const run = await runProbes(target, PROBES, { ...signals(), limits: { ...LIMITS, ...limits } }).catch(
        (error: unknown) => error,
      );
      // Not even begun, or cut short; within it in any case.
      if (run instanceof Error) expect(run.message).toContain("the time for this run is up");
      else {
        const { cost } = run as Awaited<ReturnType<typeof runProbes>>;
        expect(cost.requests).toBeLessThanOrEqual(limits.requests ?? LIMITS.requests);
        expect(cost.bytes).toBeLessThanOrEqual(limits.bytes ?? LIMITS.bytes);
      }
      expect((await contentsOf(s3, bucket)).objects).toEqual([]);
    }
  });
});

const signals = (signal = new AbortController().signal) => ({ signal, begin: () => undefined });

/** Objects, a finished upload and two open ones. */
async function leaveThings(ground: Ground): Promise<void> {
  await ground.put(ground.newKey("left"), "x");
  for (const name of ["left", "left"]) {
    const key = ground.newKey(name);
    await ground.sendPart(key, await ground.createUpload(key), 1, Buffer.from("x"));
  }
}

const harmless: Probe = {
  name: "harmless",
  asks: "nothing of note",
  stated: "200",
  means: { asStated: "", other: "" },
  ask: async (ground) => {
    await ground.put(ground.newKey("harmless"), "x");
    return "200";
  },
};
const breaking: Probe = {
  ...harmless,
  ask: async (ground) => {
    await leaveThings(ground);
    throw new Error("broken");
  },
};

async function countProbed(s3: S3Client, Bucket: string, said: string): Promise<number> {
  const [prefix] = /conformance\/[0-9a-f-]{36}\//.exec(said) ?? [];
  if (prefix === undefined) return 0;
  return (await s3.send(new ListObjectsCommand({ Bucket, Prefix: prefix }))).Contents?.length ?? 0;
}
