import type { SpacesProvider } from "../providers/spaces-provider.ts";
import { needsPathStyle } from "../s3/bucket-address.ts";
import { closeS3, connectS3 } from "../s3/s3-connection.ts";
import { readDump } from "./read-dump.ts";

export interface FoundDump {
  key: string;
  /** Bytes, sealed. */
  size: number;
  bytes: AsyncIterable<Uint8Array>;
}

/**
 * A dump of a bucket that no database tells of, since that is what was lost. Its connection lives for as long as `use` takes.
 *
 * @throws As `readDump`.
 */
export async function withDumpAt<Result>(
  bucket: SpacesProvider,
  from: string,
  use: (dump: FoundDump) => Promise<Result>,
): Promise<Result> {
  const { endpoint, accessKeyId, secretAccessKey } = bucket;
  const s3 = connectS3({
    ...bucket,
    forcePathStyle: bucket.forcePathStyle === true || needsPathStyle(endpoint, bucket.bucket),
    credentials: { accessKeyId, secretAccessKey },
    hasTwoHosts: false,
    completionLimitMs: 0,
    record: () => undefined,
  });
  try {
    return await use(await readDump(s3, from));
  } finally {
    closeS3(s3);
  }
}
