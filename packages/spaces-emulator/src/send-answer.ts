import { createReadStream } from "node:fs";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Answer } from "./answer.ts";

/** @returns Bytes of the body that were sent. */
export async function sendAnswer(response: ServerResponse, answer: Answer, isHead: boolean): Promise<number> {
  const { stream, body = "" } = answer;
  const headers = { ...answer.headers };
  if (stream === undefined && answer.status !== 204 && answer.status !== 304) {
    headers["content-length"] ??= String(Buffer.byteLength(body));
  }
  response.writeHead(answer.status, headers);
  if (stream === undefined || isHead) {
    response.end(isHead ? undefined : body);
    return isHead ? 0 : Buffer.byteLength(body);
  }
  await pipeline(Readable.from(answerBytes(answer), { objectMode: false, highWaterMark: 1 << 18 }), response);
  return answerSize(answer);
}

/** Of the body, in bytes. */
export function answerSize({ stream, body = "" }: Answer): number {
  if (stream === undefined) return Buffer.byteLength(body);
  return stream.reduce((sum, { start, end }) => sum + end - start + 1, 0);
}

export async function* answerBytes({ stream, body = "" }: Answer): AsyncGenerator<Buffer> {
  if (stream === undefined) yield Buffer.from(body);
  for (const { file, start, end } of stream ?? []) {
    yield* createReadStream(file, { start, end, highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;
  }
}
