import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { type OpenStore, refusal } from "./open-store.ts";

export function describeBucketSettings(store: () => OpenStore): void {
  const bucket = () => ({ Bucket: store().bucket });

  describe("settings of a bucket", () => {
    it("keep lifecycle rules", async () => {
      expect(await refusal(store().s3.send(new GetBucketLifecycleConfigurationCommand(bucket())))).toBe(
        "404 NoSuchLifecycleConfiguration",
      );
      const Rules = [
        {
          ID: "sweep",
          Status: "Enabled" as const,
          Filter: { Prefix: "temp/" },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
        },
      ];
      await store().s3.send(
        new PutBucketLifecycleConfigurationCommand({ ...bucket(), LifecycleConfiguration: { Rules } }),
      );
      const answer = await store().s3.send(new GetBucketLifecycleConfigurationCommand(bucket()));
      expect(answer.Rules?.[0]).toMatchObject({
        ID: "sweep",
        Status: "Enabled",
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
      });
    });

    it("replace and remove CORS rules", async () => {
      const before = await store().s3.send(new GetBucketCorsCommand(bucket()));
      await store().s3.send(new DeleteBucketCorsCommand(bucket()));
      expect(await refusal(store().s3.send(new GetBucketCorsCommand(bucket())))).toMatch(/^404 /);
      await store().s3.send(
        new PutBucketCorsCommand({ ...bucket(), CORSConfiguration: { CORSRules: before.CORSRules } }),
      );
      expect((await store().s3.send(new GetBucketCorsCommand(bucket()))).CORSRules).toEqual(before.CORSRules);
    });

    // Last: from here on deletes leave markers behind.
    it("switch versioning on", async () => {
      expect((await store().s3.send(new GetBucketVersioningCommand(bucket()))).Status).toBeUndefined();
      await store().s3.send(
        new PutBucketVersioningCommand({ ...bucket(), VersioningConfiguration: { Status: "Enabled" } }),
      );
      expect((await store().s3.send(new GetBucketVersioningCommand(bucket()))).Status).toBe("Enabled");
    });
  });
}
