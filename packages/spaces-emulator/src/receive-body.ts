import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { decodeAwsChunks } from "./aws-chunks.ts";
import { HashedFile } from "./hashed-file.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";
import type { VerifiedRequest } from "./signature.ts";

/** Largest body of one PUT, in bytes, as Spaces states it. */
const MAX_PUT_SIZE = 5_000_000_000;

export interface ReceivedBody {
  file: string;
  size: number;
  /** Hex. */
  md5: string;
}

/**
 * Streams a request's body to a file and checks every promise that was made about it: length, Content-MD5 (whether
 * signed or not) and SHA-256. Whatever goes wrong, the file is gone.
 *
 * @throws {S3Error} `MissingContentLength`, `BadDigest`, `InvalidDigest`, `EntityTooLarge`, `IncompleteBody`…
 */
export async function receiveBody(
  request: S3Request,
  verified: VerifiedRequest | undefined,
  file: string,
): Promise<ReceivedBody> {
  const { headers } = request;
  const contentMd5 = headers["content-md5"];
  if (contentMd5 !== undefined && !/^[A-Za-z0-9+/]{22}==$/.test(contentMd5))
    throw new S3Error(400, "InvalidDigest");
  const declared = headers["content-length"];
  if (declared === undefined) throw new S3Error(411, "MissingContentLength");
  if (Number(declared) > MAX_PUT_SIZE) throw new S3Error(400, "EntityTooLarge");

  const isStreaming = verified?.isStreaming === true;
  const decodedLength = isStreaming ? Number(headers["x-amz-decoded-content-length"]) : Number(declared);
  if (!Number.isSafeInteger(decodedLength) || decodedLength < 0)
    throw new S3Error(411, "MissingContentLength");

  const received = await writeHashed(request.body, file, {
    ...(isStreaming && { through: decodeAwsChunks() }),
    sha256: verified?.bodySha256 !== undefined,
  });
  try {
    if (received.size !== decodedLength) throw new S3Error(400, "IncompleteBody");
    if (contentMd5 !== undefined && Buffer.from(contentMd5, "base64").toString("hex") !== received.md5) {
      throw new S3Error(400, "BadDigest");
    }
    if (received.sha256 !== undefined && received.sha256 !== verified?.bodySha256) {
      throw new S3Error(400, "XAmzContentSHA256Mismatch");
    }
    return { file, size: received.size, md5: received.md5 };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** Streams to a file, hashing on the way. @throws {S3Error} `IncompleteBody` when the sender goes away. */
export async function writeHashed(
  source: Readable,
  file: string,
  { through, sha256 = false }: { through?: Transform; sha256?: boolean } = {},
): Promise<{ size: number; md5: string; sha256: string | undefined }> {
  try {
    await using target = await HashedFile.create(file, { sha256 });
    const sink = async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) await target.append(piece);
    };
    await (through === undefined ? pipeline(source, sink) : pipeline(source, through, sink));
    return await target.finish();
  } catch (error) {
    await rm(file, { force: true });
    if (error instanceof S3Error) throw error;
    if (isGone(error)) throw new S3Error(400, "IncompleteBody");
    throw error;
  }
}

/** Reads a small body (XML) into memory. @throws {S3Error} `MaxMessageLengthExceeded`, `BadDigest`. */
export async function readSmallBody(
  request: S3Request,
  verified: VerifiedRequest | undefined,
): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request.body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > 2 * 1024 * 1024) throw new S3Error(400, "MaxMessageLengthExceeded");
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  const contentMd5 = request.headers["content-md5"];
  if (contentMd5 !== undefined && contentMd5 !== createHash("md5").update(body).digest("base64")) {
    throw new S3Error(400, "BadDigest");
  }
  if (
    verified?.bodySha256 !== undefined &&
    verified.bodySha256 !== createHash("sha256").update(body).digest("hex")
  ) {
    throw new S3Error(400, "XAmzContentSHA256Mismatch");
  }
  const text = body.toString("utf8");
  if (text.includes("\0")) throw invalidArgument("NUL in body");
  return text;
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "EPIPE";
}
