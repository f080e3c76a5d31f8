import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { DrillStore } from "./open-stores.ts";

/** A bucket as whoever has its key sees it, around all that is tried. */
export interface Bucket extends Disposable {
  name: string;
  create(): Promise<void>;
  keys(): Promise<string[]>;
  /** `undefined` where there is no such object. */
  read(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
}

export function openBucket({ endpoint, region, ...credentials }: DrillStore, name: string): Bucket {
  const client = new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return {
    name,
    create: async () => void (await client.send(new CreateBucketCommand({ Bucket: name }))),
    keys: async () => {
      const keys: string[] = [];
      for (let Marker: string | undefined; ; ) {
        const page = await client.send(new ListObjectsCommand({ Bucket: name, Marker }));
        for (const { Key = "" } of page.Contents ?? []) keys.push(Key);
        if (page.IsTruncated !== true) return keys;
        Marker = page.NextMarker ?? keys.at(-1);
      }
    },
    read: async (key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchKey") return undefined;
        throw error;
      }
    },
    delete: async (key) => void (await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))),
    [Symbol.dispose]: () => client.destroy(),
  };
}
