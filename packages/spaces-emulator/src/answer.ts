import type { S3Error } from "./s3-error.ts";
import { writeXml } from "./xml.ts";

/** What a handler answers; `file` ranges are streamed from disk. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** Pieces of files, in order. */
  stream?: { file: string; start: number; end: number }[];
  /** Called when they were sent, or will not be. */
  release?: () => Promise<void>;
}

export function xmlAnswer(root: string, content: Parameters<typeof writeXml>[1], status = 200): Answer {
  return { status, headers: { "content-type": "application/xml" }, body: writeXml(root, content) };
}

export function errorAnswer(error: S3Error, requestId: string): Answer {
  // 304 has no body by definition.
  if (error.status === 304) return { status: 304 };
  const content = { Code: error.code, Message: error.message, ...error.details, RequestId: requestId };
  return {
    status: error.status,
    headers: { "content-type": "application/xml" },
    body: writeXml("Error", content, ""),
  };
}
