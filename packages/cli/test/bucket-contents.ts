import {
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { TestStore } from "./stores.ts";

export function openS3({ endpoint, region, accessKeyId, secretAccessKey }: TestStore): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

/** Everything that a bucket holds and is set to, to be compared. */
export async function contentsOf(s3: S3Client, Bucket: string) {
  const settingOf = (call: Promise<{ $metadata?: unknown }>) =>
    call.then(
      (setting) => ({ ...setting, $metadata: undefined }),
      (error: unknown) => (error as Error).name,
    );
  const { Contents = [], IsTruncated } = await s3.send(new ListObjectsCommand({ Bucket }));
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return {
    objects: Contents.map(({ Key, ETag, Size, LastModified }) => ({ Key, ETag, Size, LastModified })),
    isTruncated: IsTruncated,
    versions: [...Versions, ...DeleteMarkers].map(({ Key, VersionId, LastModified }) => ({
      Key,
      VersionId,
      LastModified,
    })),
    uploads: Uploads.map(({ Key, UploadId, Initiated }) => ({ Key, UploadId, Initiated })),
    cors: await settingOf(s3.send(new GetBucketCorsCommand({ Bucket }))),
    lifecycle: await settingOf(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
    versioning: await settingOf(s3.send(new GetBucketVersioningCommand({ Bucket }))),
    acl: await settingOf(s3.send(new GetBucketAclCommand({ Bucket }))),
  };
}
