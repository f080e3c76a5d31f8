import { CompleteMultipartUploadCommand } from "@aws-sdk/client-s3";
import type { Ground, SentPart } from "../ground.ts";

/** Rejects as the SDK does where the store refuses. */
export const complete = (
  ground: Ground,
  key: string,
  uploadId: string,
  parts: SentPart[],
  more: object = {},
) =>
  ground.send((s3) =>
    s3.send(
      new CompleteMultipartUploadCommand({
        Bucket: ground.bucket.bucket,
        Key: key,
        UploadId: uploadId,
        MultipartUpload: { Parts: parts },
        ...more,
      }),
    ),
  );
