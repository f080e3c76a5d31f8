import { randomUUID } from "node:crypto";
import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketCorsCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { prepareBucket, type RefusedStep } from "../src/index.ts";
import { createBucketClient } from "../src/providers/bucket-client.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

const openCeph = cephOfThisFile();
const [OLD, PAGE] = ["https://old.example.com", "https://app.example.com"];

async function openBucket(open: typeof openEmulator | typeof openCeph) {
  const store = await open();
  const bucket = `prepare-${randomUUID()}`;
  const key = { ...store, bucket, forcePathStyle: true };
  const client = createBucketClient(key);
  return {
    key,
    putCors: (...CORSRules: CORSRule[]) =>
      client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules } })),
    cors: async () => (await client.send(new GetBucketCorsCommand({ Bucket: bucket }))).CORSRules ?? [],
    lifecycle: async () =>
      (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))).Rules ?? [],
    async [Symbol.asyncDispose]() {
      client.destroy();
      await store.close();
    },
  };
}

describe.each([
  ["the emulator", openEmulator],
  ["Ceph", openCeph],
] as const)("a bucket that was prepared before, on %s", (_name, open) => {
  it("no longer lets a page in that was taken out, also where its rule has no name of ours", async () => {
    await using on = await openBucket(open);
    await prepareBucket(on.key, { allowedOrigins: [OLD] });
    const [made] = await on.cors();
    // As releases made it that gave none.
    const { ID: _ours, ...nameless } = made ?? {};
    const others: CORSRule[] = [
      { AllowedOrigins: ["https://read.example.com"], AllowedMethods: ["GET"] },
      { ...(nameless as CORSRule), AllowedOrigins: ["https://theirs.example.com"], ID: "theirs" },
      { ...(nameless as CORSRule), AllowedOrigins: ["https://more.example.com"], AllowedMethods: ["PUT"] },
    ];
    await on.putCors(nameless as CORSRule, ...others);
    await prepareBucket(on.key, { allowedOrigins: [PAGE] });
    const originsOf = (rules: CORSRule[]) => rules.flatMap(({ AllowedOrigins = [] }) => AllowedOrigins);
    const kept = originsOf(others);
    expect(originsOf(await on.cors())).toEqual([PAGE, ...kept]);
    // And beside one that has its name.
    await on.putCors(...(await on.cors()), nameless as CORSRule);
    await prepareBucket(on.key, { allowedOrigins: [PAGE] });
    expect(originsOf(await on.cors())).toEqual([PAGE, ...kept]);
    const steps: string[] = [];
    await prepareBucket(on.key, { allowedOrigins: [PAGE] }, ({ outcome }) => steps.push(outcome));
    expect(new Set(steps)).toEqual(new Set(["there"]));
  });
});

describe("a key that is only good for uploads", () => {
  const refusals = async (
    intercept: (operation: string) => object | undefined,
  ): Promise<{ refused: RefusedStep[]; strict: unknown; rules: number }> => {
    await using on = await openBucket(openEmulator);
    await prepareBucket(on.key, { allowedOrigins: [OLD] });
    await using proxy = await startFaultProxy(on.key.endpoint);
    proxy.intercept = intercept;
    const limited = { ...on.key, endpoint: proxy.endpoint };
    const refused: RefusedStep[] = [];
    const strict = await prepareBucket(limited, { allowedOrigins: [PAGE] }).catch((error: unknown) => error);
    await prepareBucket(limited, { allowedOrigins: [PAGE] }, undefined, (step) => refused.push(step));
    return { refused, strict, rules: (await on.lifecycle()).length };
  };

  it("is told of where its account's list is without the bucket, and goes on", async () => {
    const list = "<ListAllMyBucketsResult><Owner><ID>o</ID></Owner><Buckets/></ListAllMyBucketsResult>";
    const { refused, strict } = await refusals((operation) =>
      operation === "GET buckets" ? { pretend: list } : undefined,
    );
    expect(strict).toMatchObject({ code: "bucket_foreign" });
    expect(refused).toEqual([
      { part: "bucket", message: expect.stringContaining("not among its account's buckets") },
    ]);
  });

  it.each(["cors", "lifecycle"] as const)(
    "is told of where it may not read the rules of %s",
    async (part) => {
      const { refused, strict, rules } = await refusals((operation) =>
        operation === `GET bucket ${part}` ? { refuseWith: 403 } : undefined,
      );
      expect(strict).toMatchObject({ code: "storage_unavailable" });
      expect(refused).toEqual([{ part, message: expect.stringMatching(/^Cannot set its .*: 403 /) }]);
      expect(rules).toBe(2);
    },
  );

  it("is not started with where the bucket itself is refused, or the store is away", async () => {
    for (const status of [403, 503])
      await expect(
        refusals((operation) => (operation === "HEAD bucket" ? { refuseWith: status } : undefined)),
      ).rejects.toMatchObject({ code: status === 403 ? "bucket_foreign" : "storage_unavailable" });
    await expect(
      refusals((operation) => (operation === "GET bucket cors" ? { refuseWith: 503 } : undefined)),
    ).rejects.toMatchObject({ code: "storage_unavailable" });
  });
});
