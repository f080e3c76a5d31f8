import { setTimeout as delay } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Ground, nameRefusal } from "./ground.ts";

/** Something under the prefix of a run. */
export type Leftover = { key: string } & (
  | { kind: "upload"; uploadId: string }
  | { kind: "object" }
  | { kind: "version"; versionId: string }
);

export type CleanUp =
  | { isClean: true }
  /** What is there, as far as it could be listed, and what the store answered last. */
  | { isClean: false; left: Leftover[]; answer: string };

/** Twice empty: what a gateway was still at when it was asked the first time shows the second time. */
const QUIET_LOOKS = 2;
const PAUSE_MS = 300;

/** Removes everything under the run's prefix, and looks until nothing is listed any more: objects, versions, uploads. */
export async function cleanUp({ client, bucket: { bucket }, prefix, limits }: Ground): Promise<CleanUp> {
  const end = performance.now() + limits.cleanUpMs;
  let left: Leftover[] = [];
  let answer = "the time is up";
  for (let quiet = 0; performance.now() < end; ) {
    try {
      left = await listLeft(client, bucket, prefix);
      if (left.length === 0 && ++quiet === QUIET_LOOKS) return { isClean: true };
      if (left.length > 0) quiet = 0;
      for (const one of left) answer = await remove(client, bucket, one);
    } catch (error) {
      quiet = 0;
      answer = nameRefusal(error);
    }
    await delay(PAUSE_MS);
  }
  return { isClean: false, left, answer };
}

async function listLeft(client: S3Client, Bucket: string, Prefix: string): Promise<Leftover[]> {
  // A page of each is enough: the next look finds the rest.
  const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
  const objects = await client.send(new ListObjectsCommand({ Bucket, Prefix }));
  const left: Leftover[] = [
    ...(uploads.Uploads ?? []).map(({ Key = "", UploadId = "" }) => ({
      kind: "upload" as const,
      key: Key,
      uploadId: UploadId,
    })),
    ...(objects.Contents ?? []).map(({ Key = "" }) => ({ kind: "object" as const, key: Key })),
    ...(await listVersions(client, Bucket, Prefix)),
  ];
  // Whatever a store lists beside what was asked for is not ours to remove.
  return left.filter(({ key }) => key.startsWith(Prefix));
}

/** Where versions are kept, a removed object leaves its versions and a marker. */
async function listVersions(client: S3Client, Bucket: string, Prefix: string): Promise<Leftover[]> {
  try {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix }),
    );
    return [...Versions, ...DeleteMarkers].map(({ Key = "", VersionId = "null" }) => ({
      kind: "version",
      key: Key,
      versionId: VersionId,
    }));
  } catch (error) {
    // Stores without versions do not know the call.
    if (/^(400|404|405|501) /.test(nameRefusal(error))) return [];
    throw error;
  }
}

async function remove(client: S3Client, Bucket: string, left: Leftover): Promise<string> {
  const Key = left.key;
  try {
    if (left.kind === "upload")
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: left.uploadId }));
    else {
      const VersionId = left.kind === "version" ? left.versionId : undefined;
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
    return "204";
  } catch (error) {
    return nameRefusal(error);
  }
}
