import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { callS3, type S3Connection } from "./s3-connection.ts";
import { storageUnavailable } from "./s3-failure.ts";

/** Forbidden, not allowed, not implemented. */
const NOT_FOR_US = [403, 405, 501];

/** Where a page begins: after this key, and of one key after this version. Empty for the first. */
export interface VersionMarker {
  key: string;
  id: string;
}

/**
 * Sizes of the versions on one page of the bucket that are not current any more. Markers of deletion have none.
 *
 * @returns `undefined` where the store knows no versions, or does not tell us.
 * @throws {UploadError} `storage_unavailable`
 */
export async function listOldVersions(
  s3: S3Connection,
  after: VersionMarker,
): Promise<{ sizes: number[]; next: VersionMarker | undefined } | undefined> {
  const marker = after.key === "" ? {} : { KeyMarker: after.key, VersionIdMarker: after.id };
  return callS3(s3, {
    type: "list",
    name: "ListObjectVersions",
    httpMethod: "GET",
    key: "",
    send: () => s3.client.send(new ListObjectVersionsCommand({ Bucket: s3.bucket, ...marker })),
    result: ({ Versions = [], IsTruncated = false, NextKeyMarker = "", NextVersionIdMarker = "" }) => {
      const next = { key: NextKeyMarker, id: NextVersionIdMarker };
      if (IsTruncated && (next.key === "" || (next.key === after.key && next.id === after.id)))
        throw new Error("a page that leads nowhere");
      return {
        sizes: Versions.flatMap(({ IsLatest = false, Size = 0 }) => (IsLatest ? [] : [Size])),
        next: IsTruncated ? next : undefined,
      };
    },
    failed: (failure) => {
      if (NOT_FOR_US.includes(failure.status ?? 0)) return undefined;
      throw storageUnavailable("ListObjectVersions", failure);
    },
  });
}
