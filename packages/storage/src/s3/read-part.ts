import type { Readable } from "node:stream";
import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { callS3, type S3Connection } from "./s3-connection.ts";
import { storageUnavailable } from "./s3-failure.ts";

/** No byte for so long ends a read: the client's own limit ends with the answer's first line. */
const SILENCE_MS = 30_000;

/** Whether all bytes came. `changed`: the object is no longer the one that was asked for. */
export type ReadOutcome = "read" | "missing" | "changed";

/**
 * Fills `into` with the bytes from `offset` on, of exactly this object. Takes no other memory than that.
 *
 * @throws {UploadError} `storage_unavailable`, also where bytes are missing.
 */
export function readPart(
  s3: S3Connection,
  { key, etag, offset, into }: { key: string; etag: string; offset: number; into: Uint8Array },
): Promise<ReadOutcome> {
  return callS3<GetObjectCommandOutput, ReadOutcome>(s3, {
    type: "download",
    name: "GetObject",
    httpMethod: "GET",
    key,
    send: () =>
      s3.client.send(
        new GetObjectCommand({
          Bucket: s3.bucket,
          Key: key,
          Range: `bytes=${offset}-${offset + into.length - 1}`,
          IfMatch: `"${etag}"`,
        }),
        s3.signal && { abortSignal: s3.signal },
      ),
    result: async ({ Body }) => {
      await fill(Body as Readable | undefined, into);
      return "read" as const;
    },
    responseSize: ({ ContentLength }) => ContentLength,
    failed: (failure) => {
      if (failure.status === 404 && failure.code !== "NoSuchBucket") return "missing";
      // Beyond its end is another length.
      if (failure.status === 412 || failure.status === 416) return "changed";
      throw storageUnavailable("GetObject", failure);
    },
  });
}

async function fill(body: Readable | undefined, into: Uint8Array): Promise<void> {
  if (body === undefined) throw new Error("an answer without a body");
  const silence = setTimeout(() => body.destroy(new Error("the store fell silent")), SILENCE_MS);
  let length = 0;
  try {
    for await (const bytes of body as AsyncIterable<Uint8Array>) {
      silence.refresh();
      if (length + bytes.length > into.length) throw new Error("more bytes than asked for");
      into.set(bytes, length);
      length += bytes.length;
    }
  } finally {
    clearTimeout(silence);
  }
  if (length !== into.length) throw new Error(`${length} of ${into.length} bytes came`);
}
