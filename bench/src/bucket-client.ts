import type { StoreAddress } from "@audiotricks/testing/object-store";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  S3Client,
} from "@aws-sdk/client-s3";

const AT_ONCE = 16;

export function openClient({ endpoint, region, accessKeyId, secretAccessKey }: StoreAddress): S3Client {
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

export interface StoredBytes {
  objects: number;
  bytes: number;
}

/** Counts everything whose key does not end in one of these. */
export async function countBucket(
  client: S3Client,
  bucket: string,
  ignoredEnding = "\0",
): Promise<StoredBytes> {
  const counted = { objects: 0, bytes: 0 };
  for (let marker: string | undefined; ; ) {
    const page = await client.send(new ListObjectsCommand({ Bucket: bucket, Marker: marker }));
    for (const { Key = "", Size = 0 } of page.Contents ?? []) {
      marker = Key;
      if (Key.endsWith(ignoredEnding)) continue;
      counted.objects += 1;
      counted.bytes += Size;
    }
    if (page.IsTruncated !== true) return counted;
  }
}

/** Takes away all objects and all uploads under way. */
export async function emptyBucket(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    if (Uploads.length === 0) break;
    await inTurns(Uploads, ({ Key, UploadId }) =>
      client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })),
    );
  }
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsCommand({ Bucket: bucket }));
    if (Contents.length === 0) return;
    await inTurns(Contents, ({ Key }) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key })));
  }
}

async function inTurns<Item>(items: Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
