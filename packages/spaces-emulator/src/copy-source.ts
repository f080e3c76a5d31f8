import type { Bucket, StoredObject } from "./disk.ts";
import type { HandlerContext } from "./handler-context.ts";
import { invalidArgument, noSuchBucket, noSuchKey } from "./s3-error.ts";

/** The object that `x-amz-copy-source` names. As Ceph, it takes no notice of `x-amz-copy-source-if-…`. */
export function copySource({ disk, request }: HandlerContext): { bucket: Bucket; object: StoredObject } {
  let path: string;
  try {
    path = decodeURIComponent(request.headers["x-amz-copy-source"] ?? "").replace(/^\//, "");
  } catch {
    throw invalidArgument("x-amz-copy-source");
  }
  const slash = path.indexOf("/");
  if (slash < 1) throw invalidArgument("x-amz-copy-source");
  const bucket = disk.buckets.get(path.slice(0, slash));
  if (bucket === undefined) throw noSuchBucket(path.slice(0, slash));
  const object = bucket.objects.get(path.slice(slash + 1));
  if (object === undefined) throw noSuchKey();
  return { bucket, object };
}
