import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { S3Error } from "./s3-error.ts";

/** A request as the handlers see it: which bucket and key it is about, whatever style of address was used. */
export interface S3Request {
  method: string;
  /** `undefined` for the service itself. */
  bucket: string | undefined;
  /** `undefined` for the bucket itself. */
  key: string | undefined;
  /** Path as it came, still encoded: what was signed. */
  rawPath: string;
  /** Decoded pairs in the order they came. */
  rawQuery: [string, string][];
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Readable;
}

/** @throws {S3Error} `InvalidURI` for a path that is not valid percent-encoded UTF-8, or a key that is too long. */
export function readRequest(message: IncomingMessage): S3Request {
  const target = message.url ?? "/";
  const mark = target.indexOf("?");
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1).replaceAll("+", "%2B"));
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  const path = decodePath(rawPath);
  const virtualHost = /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.localhost(?::\d+)?$/.exec(
    headers.host ?? "",
  )?.[1];
  const slash = path.indexOf("/", 1);
  const [bucket, key] =
    virtualHost !== undefined
      ? [virtualHost, path.slice(1)]
      : slash === -1
        ? [path.slice(1), ""]
        : [path.slice(1, slash), path.slice(slash + 1)];
  if (Buffer.byteLength(key) > 1024) throw new S3Error(400, "KeyTooLongError");
  return {
    method: message.method ?? "GET",
    bucket: bucket === "" ? undefined : bucket,
    key: key === "" ? undefined : key,
    rawPath,
    rawQuery: [...query],
    query,
    headers,
    body: message,
  };
}

function decodePath(rawPath: string): string {
  try {
    const path = decodeURIComponent(rawPath);
    if (path.startsWith("/")) return path;
  } catch {
    // Falls through to the one answer for all of these.
  }
  throw new S3Error(400, "InvalidURI");
}
