import { randomUUID } from "node:crypto";
import {
  type CORSRule,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketLifecycleCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { examineBucket, prepareBucket } from "../src/index.ts";
import { createBucketClient } from "../src/providers/bucket-client.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";
import type { TestStore } from "./test-storage.ts";

const ORIGIN = "https://app.example.com";
const openCeph = cephOfThisFile();

async function openBucket(open: () => Promise<TestStore & { close(): Promise<void> }>) {
  const store = await open();
  const bucket = `doctor-${randomUUID()}`;
  const client = createBucketClient({ ...store, bucket });
  const { endpoint, region } = store;
  const examine = (
    options: Partial<Parameters<typeof examineBucket>[1]> = {},
    key: Partial<TestStore> = {},
  ) => {
    const { accessKeyId, secretAccessKey } = { ...store, ...key };
    const credentials = { accessKeyId, secretAccessKey };
    return examineBucket(
      { endpoint, region, bucket, forcePathStyle: true, credentials },
      { origins: [ORIGIN], fix: false, ...options },
    );
  };
  const Bucket = bucket;
  return {
    bucket,
    client,
    examine,
    codes: async (options?: Parameters<typeof examine>[0]) =>
      (await examine(options)).findings.map(({ code }) => code),
    prepare: () => prepareBucket({ ...store, bucket }, { allowedOrigins: [ORIGIN] }),
    putCors: (...CORSRules: CORSRule[]) =>
      client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } })),
    putLifecycle: (...Rules: LifecycleRule[]) =>
      client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })),
    endpoint,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await store.close();
    },
  };
}

describe.each([
  ["the emulator", openEmulator],
  ["Ceph", openCeph],
] as const)("examineBucket on %s", (_name, open) => {
  it("finds nothing wrong with a bucket that was prepared, by its CDN too, and leaves nothing there", async () => {
    await using on = await openBucket(open);
    await on.prepare();
    const cdnEndpoint = `${on.endpoint}/${on.bucket}`;
    expect(await on.examine({ cdnEndpoint })).toEqual({ findings: [], fixed: [], refusedFixes: [] });
    expect(await on.examine({ cdnEndpoint, fix: true })).toEqual({
      findings: [],
      fixed: [],
      refusedFixes: [],
    });
    // A bucket that has anything in it cannot be deleted.
    await on.client.send(new DeleteBucketCommand({ Bucket: on.bucket }));
  });

  it("makes a bucket that is missing, with all that belongs to it", async () => {
    await using on = await openBucket(open);
    expect(await on.codes()).toEqual(["bucket_missing"]);
    const { findings, fixed } = await on.examine({ fix: true });
    expect(findings).toEqual([]);
    expect(fixed.map(({ code }) => code)).toEqual([
      "bucket_missing",
      "cors_missing",
      "preflight_refused",
      "lifecycle_missing",
    ]);
    expect(await on.codes()).toEqual([]);
  });

  it("adds what is missing beside the rules that are there", async () => {
    await using on = await openBucket(open);
    await on.prepare();
    const other: CORSRule = { AllowedOrigins: ["https://old.example.com"], AllowedMethods: ["GET"] };
    await on.putCors(other);
    const mine: LifecycleRule = {
      ID: "mine",
      Status: "Enabled",
      Filter: { Prefix: "scratch/" },
      Expiration: { Days: 1 },
    };
    await on.putLifecycle(mine);
    expect(await on.codes()).toEqual(["cors_missing", "preflight_refused", "lifecycle_missing"]);
    expect((await on.examine({ fix: true })).findings).toEqual([]);
    const { CORSRules } = await on.client.send(new GetBucketCorsCommand({ Bucket: on.bucket }));
    expect(CORSRules).toHaveLength(2);
    expect(CORSRules?.[1]).toMatchObject(other);
    const { Rules } = await on.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: on.bucket }));
    expect(Rules?.map(({ ID }) => ID).sort()).toEqual(["incomplete-uploads", "mine", "temporary-uploads"]);
  });

  it("tells an ETag that pages cannot read, and rules without any, by what a page would meet", async () => {
    await using on = await openBucket(open);
    await on.prepare();
    const all = { AllowedMethods: ["GET", "HEAD", "PUT", "POST"], AllowedHeaders: ["*"] };
    await on.putCors({ ...all, AllowedOrigins: [ORIGIN] });
    expect(await on.codes()).toEqual(["cors_missing", "etag_hidden"]);
    await on.putCors({ ...all, AllowedOrigins: ["*"], ExposeHeaders: ["ETag"] });
    expect(await on.codes()).toEqual(["cors_too_wide"]);
    await on.putCors({ ...all, AllowedOrigins: ["https://*.example.com"], ExposeHeaders: ["ETag"] });
    expect(await on.codes()).toEqual([]);
    await on.client.send(new DeleteBucketCorsCommand({ Bucket: on.bucket }));
    await on.client.send(new DeleteBucketLifecycleCommand({ Bucket: on.bucket }));
    expect(await on.codes({ origins: [] })).toEqual(["lifecycle_missing"]);
  });

  it("names rules that delete what users were promised, and leaves them to a person", async () => {
    await using on = await openBucket(open);
    await on.prepare();
    const rule = { Status: "Enabled" as const };
    const ours: LifecycleRule[] = [
      { ...rule, ID: "t", Filter: { Prefix: "temp/" }, Expiration: { Days: 3 } },
      {
        ...rule,
        ID: "i",
        Filter: { Prefix: "" },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 9 },
      },
    ];
    await on.putLifecycle(...ours);
    expect(await on.codes()).toEqual([]);
    for (const Prefix of ["audio/uploads/", "aud", "backups/database/"]) {
      await on.putLifecycle(...ours, { ...rule, ID: "bad", Filter: { Prefix }, Expiration: { Days: 400 } });
      expect(await on.codes({ fix: true })).toEqual(["lifecycle_deletes_files"]);
    }
    await on.putLifecycle(...ours, {
      ...rule,
      Status: "Disabled",
      ID: "off",
      Filter: { Prefix: "audio/" },
      Expiration: { Days: 1 },
    });
    expect(await on.codes()).toEqual([]);
    await on.putLifecycle(
      { ...rule, ID: "t", Filter: { Prefix: "temp/" }, Expiration: { Days: 1 } },
      ...ours.slice(1),
    );
    expect(await on.codes()).toEqual(["lifecycle_ends_uploads"]);
  });

  it("tells a clock that is off, a CDN that leads elsewhere, and a store that does not answer", async () => {
    await using on = await openBucket(open);
    await on.prepare();
    const off = await on.examine({ now: () => new Date(Date.now() + 1_200_000) });
    expect(off.findings).toMatchObject([
      { code: "clock_skew", what: expect.stringMatching(/1(199|200|201) s ahead/) },
    ]);
    expect(await on.codes({ now: () => new Date(Date.now() - 90_000) })).toEqual(["clock_skew"]);
    expect(await on.codes({ cdnEndpoint: `${on.endpoint}/another-${on.bucket}` })).toEqual(["cdn_foreign"]);
    expect(await on.codes({ cdnEndpoint: "http://127.0.0.1:9" })).toEqual(["cdn_unreachable"]);
    const nowhere = { endpoint: "http://127.0.0.1:9", region: "r", bucket: "b", forcePathStyle: true };
    const credentials = { accessKeyId: "AK", secretAccessKey: "very-secret" };
    const { findings } = await examineBucket({ ...nowhere, credentials }, { origins: [], fix: true });
    expect(findings.map(({ code }) => code)).toEqual(["bucket_unreachable"]);
    expect(JSON.stringify(findings)).not.toContain("very-secret");
  });

  it("says that a wrong key is refused, and changes nothing with it", async () => {
    await using on = await openBucket(open);
    await on.prepare();
    const { findings, fixed } = await on.examine({ fix: true }, { secretAccessKey: "wrong-secret" });
    expect(findings.map(({ code }) => code)).toEqual(["bucket_foreign"]);
    expect(fixed).toEqual([]);
  });
});

describe("examineBucket on Ceph, where ACL and policy are", () => {
  it("makes a bucket private again that strangers can list and write to", async () => {
    await using on = await openBucket(openCeph);
    await on.prepare();
    await on.client.send(new PutBucketAclCommand({ Bucket: on.bucket, ACL: "public-read-write" }));
    expect(await on.codes()).toEqual(["listing_public", "writing_public"]);
    const { findings, fixed } = await on.examine({ fix: true });
    expect(findings).toEqual([]);
    expect(fixed.map(({ code }) => code)).toEqual(["listing_public", "writing_public"]);
  });

  it("leaves a policy to a person, and names what a limited key may not do", async () => {
    await using on = await openBucket(openCeph);
    await on.prepare();
    const Resource = [`arn:aws:s3:::${on.bucket}`, `arn:aws:s3:::${on.bucket}/*`];
    const put = (Statement: object[]) =>
      on.client.send(
        new PutBucketPolicyCommand({
          Bucket: on.bucket,
          Policy: JSON.stringify({ Version: "2012-10-17", Statement }),
        }),
      );
    await put([{ Effect: "Allow", Principal: "*", Action: "s3:ListBucket", Resource }]);
    expect(await on.codes({ fix: true })).toEqual(["listing_public"]);
    await put([{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource }]);
    expect(await on.codes({ fix: true })).toEqual(["reading_public"]);
    await put([{ Effect: "Deny", Principal: "*", Action: ["s3:DeleteObject"], Resource }]);
    const { findings } = await on.examine();
    expect(findings).toMatchObject([
      {
        code: "key_rights",
        what: "DeleteObject is refused: 403 AccessDenied.",
        breaks: expect.stringContaining("billed"),
      },
    ]);
  });
});
