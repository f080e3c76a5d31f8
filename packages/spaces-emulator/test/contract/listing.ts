import {
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { type OpenStore, refusal } from "./open-store.ts";

const KEYS = ["list/a", "list/b/1", "list/b/2", "list/c d+é", "list/c/1", "list/z"];

export function describeListing(store: () => OpenStore): void {
  describe("listing", () => {
    beforeAll(async () => {
      for (const Key of KEYS)
        await store().s3.send(new PutObjectCommand({ Bucket: store().bucket, Key, Body: Key }));
    });

    it.each([1, 2, 3, 1000])("V1 walks all keys in order, %d a page", async (MaxKeys) => {
      const seen: string[] = [];
      let Marker: string | undefined;
      do {
        const page = await store().s3.send(
          new ListObjectsCommand({
            Bucket: store().bucket,
            Prefix: "list/",
            MaxKeys,
            ...(Marker === undefined ? {} : { Marker }),
          }),
        );
        seen.push(...(page.Contents ?? []).map((object) => object.Key ?? ""));
        Marker = page.IsTruncated === true ? seen.at(-1) : undefined;
      } while (Marker !== undefined);
      expect(seen).toEqual(KEYS);
    });

    it.each([1, 4, 1000])("V2 walks all keys in order, %d a page", async (MaxKeys) => {
      const seen: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await store().s3.send(
          new ListObjectsV2Command({
            Bucket: store().bucket,
            Prefix: "list/",
            MaxKeys,
            ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
          }),
        );
        seen.push(...(page.Contents ?? []).map((object) => object.Key ?? ""));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      expect(seen).toEqual(KEYS);
    });

    it("folds keys under a delimiter", async () => {
      const page = await store().s3.send(
        new ListObjectsV2Command({ Bucket: store().bucket, Prefix: "list/", Delimiter: "/" }),
      );
      expect((page.Contents ?? []).map((object) => object.Key)).toEqual(["list/a", "list/c d+é", "list/z"]);
      expect((page.CommonPrefixes ?? []).map((common) => common.Prefix)).toEqual(["list/b/", "list/c/"]);
    });

    it("starts after a key", async () => {
      const page = await store().s3.send(
        new ListObjectsV2Command({ Bucket: store().bucket, Prefix: "list/", StartAfter: "list/c/1" }),
      );
      expect((page.Contents ?? []).map((object) => object.Key)).toEqual(["list/z"]);
    });

    it("tells size and ETag with each key", async () => {
      const page = await store().s3.send(
        new ListObjectsV2Command({ Bucket: store().bucket, Prefix: "list/a" }),
      );
      expect(page.Contents?.[0]).toMatchObject({ Key: "list/a", Size: 6 });
      expect(page.Contents?.[0]?.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    });

    it("knows its buckets", async () => {
      await store().s3.send(new HeadBucketCommand({ Bucket: store().bucket }));
      await store().s3.send(new GetBucketLocationCommand({ Bucket: store().bucket }));
      expect(
        await refusal(store().s3.send(new HeadBucketCommand({ Bucket: "no-such-bucket-here" }))),
      ).toMatch(/^404 /);
      expect(await refusal(store().s3.send(new ListObjectsCommand({ Bucket: "no-such-bucket-here" })))).toBe(
        "404 NoSuchBucket",
      );
    });
  });
}
