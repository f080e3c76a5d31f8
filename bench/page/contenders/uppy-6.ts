import AwsS3 from "@uppy/aws-s3";
import { Uppy } from "@uppy/core";
import type { Upload } from "../contender.ts";
import { uploadWith } from "../upload-with.ts";

export function prepare(settings: Record<string, unknown>): Upload {
  const partSize = Number(settings.partSize);
  const uppy = new Uppy().use(AwsS3, {
    companionEndpoint: String(settings.origin),
    // As ours; its own 5 MiB are slower over every link.
    getChunkSize: () => partSize,
    shouldUseMultipart: (file) => (file.size ?? 0) > partSize,
  });
  return uploadWith(uppy);
}
