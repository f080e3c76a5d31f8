import { DeleteObjectCommand, DeleteObjectsCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { findVersioning, type Versioning } from "./bucket-versioning.ts";
import { callS3, type S3Connection } from "./s3-connection.ts";
import { storageUnavailable } from "./s3-failure.ts";

/** Each round finds what the one before could not see; more than two mean that somebody writes to the key. */
const MAX_ROUNDS = 5;
/** Forbidden, not allowed, not implemented. */
const NOT_FOR_US = [403, 405, 501];

/**
 * Deletes an object, where the bucket keeps versions with all of them. Safe to repeat: an object that is already gone is
 * what was wanted.
 */
export async function deleteObject(s3: S3Connection, key: string): Promise<void> {
  const leftMarker = await deleteCurrent(s3, key);
  // Both: Ceph tells of its marker once, so that the answer to a delete that is repeated says nothing.
  await deleteVersions(s3, key, leftMarker ? "kept" : await findVersioning(s3));
}

/** Up to 1,000 at once. Safe to repeat, like the deletion of one. */
export async function deleteObjects(s3: S3Connection, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const objects = keys.map((Key) => ({ Key }));
  const leftMarkers = new Set(await deleteAll(s3, objects));
  const versioning = await findVersioning(s3);
  for (const key of keys) await deleteVersions(s3, key, leftMarkers.has(key) ? "kept" : versioning);
}

/** @returns Whether a version or a marker may be left: a bucket that never kept any says nothing of versions. */
async function deleteCurrent(s3: S3Connection, key: string): Promise<boolean> {
  return callS3(s3, {
    type: "delete",
    name: "DeleteObject",
    httpMethod: "DELETE",
    key,
    send: () => s3.client.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key: key })),
    result: ({ VersionId, DeleteMarker = false }) => VersionId !== undefined || DeleteMarker,
    failed: (failure) => {
      if (failure.status === 404 && failure.code === "NoSuchKey") return false;
      throw storageUnavailable("DeleteObject", failure);
    },
  });
}

/** @returns Keys of which a version or a marker may be left. */
async function deleteAll(
  s3: S3Connection,
  objects: readonly { Key: string; VersionId?: string }[],
): Promise<string[]> {
  const command = new DeleteObjectsCommand({
    Bucket: s3.bucket,
    // Not quiet: only so does the answer say that a marker was left.
    Delete: { Objects: [...objects] },
  });
  return callS3(s3, {
    type: "delete",
    name: "DeleteObjects",
    httpMethod: "POST",
    key: null,
    send: () => s3.client.send(command),
    result: ({ Errors = [], Deleted = [] }) => {
      const [failed] = Errors;
      if (failed !== undefined) throw new Error(`${failed.Code ?? "an error"} among the answers`);
      return Deleted.flatMap(({ Key, DeleteMarker, VersionId }) =>
        Key !== undefined && (DeleteMarker === true || VersionId !== undefined) ? [Key] : [],
      );
    },
    failed: (failure) => {
      throw storageUnavailable("DeleteObjects", failure);
    },
  });
}

async function deleteVersions(s3: S3Connection, key: string, versioning: Versioning): Promise<void> {
  if (versioning === "never") return;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const versions = await listVersionsAt(s3, key, versioning);
    if (versions.length === 0) return;
    await deleteAll(
      s3,
      versions.map((VersionId) => ({ Key: key, VersionId })),
    );
  }
  throw storageUnavailable("ListObjectVersions", {
    code: "versions left",
    status: undefined,
    requestId: undefined,
  });
}

/** A page of the versions and markers at exactly this key, newest first. */
async function listVersionsAt(s3: S3Connection, wanted: string, versioning: Versioning): Promise<string[]> {
  return callS3(s3, {
    type: "list",
    name: "ListObjectVersions",
    httpMethod: "GET",
    key: wanted,
    send: () => s3.client.send(new ListObjectVersionsCommand({ Bucket: s3.bucket, Prefix: wanted })),
    result: ({ Versions = [], DeleteMarkers = [] }) =>
      [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId = "null" }) =>
        Key === wanted ? [VersionId] : [],
      ),
    failed: (failure) => {
      // A key that may ask for nothing of the kind, or a store that knows none: then a delete is what it was.
      if (versioning === "unknown" && NOT_FOR_US.includes(failure.status ?? 0)) return [];
      throw storageUnavailable("ListObjectVersions", failure);
    },
  });
}
