import { randomUUID } from "node:crypto";
import { planPartSize, planParts } from "@audiotricks/protocol";
import { createPresigner } from "@audiotricks/storage";
import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { emptyBucket, openClient } from "../bucket-client.ts";
import type { Contender } from "./contender.ts";

const LANES = 6;
const EXPIRES_IN = 3600;

/** As fast as a browser goes that has nothing to think about; parts and files as our engine cuts them. */
export const ceiling: Contender = {
  name: "ceiling",
  title: "six plain lanes",
  isOneLane: false,
  open({ bucket }) {
    const client = openClient(bucket);
    const { accessKeyId, secretAccessKey } = bucket;
    const presigner = createPresigner({
      ...bucket,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      now: () => new Date(),
    });
    return Promise.resolve({
      origin: null,
      async settings({ count, size }) {
        const urls: string[] = [];
        for (let index = 0; index < count; index++) {
          const key = randomUUID();
          const parts = planParts(size);
          if (parts.length === 1) {
            urls.push(presigner.putObject({ key, size, expiresIn: EXPIRES_IN }));
            continue;
          }
          const create = new CreateMultipartUploadCommand({ Bucket: bucket.bucket, Key: key });
          const { UploadId: uploadId } = await client.send(create);
          if (uploadId === undefined) throw new Error("The store gave no upload id.");
          for (const { partNumber, size: partSize } of parts) {
            const part = { key, uploadId, partNumber, size: partSize, expiresIn: EXPIRES_IN };
            urls.push(presigner.uploadPart(part));
          }
        }
        return { urls, partSize: planPartSize(size), lanes: LANES };
      },
      finish: () => emptyBucket(client, bucket.bucket),
      [Symbol.asyncDispose]() {
        client.destroy();
        return Promise.resolve();
      },
    });
  },
};
