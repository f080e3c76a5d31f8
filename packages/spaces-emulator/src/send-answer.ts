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
  await pipeline(Readable.from(readPieces(stream), { objectMode: false, highWaterMark: 1 << 18 }), response);
  return stream.reduce((sum, { start, end }) => sum + end - start + 1, 0);
}

async function* readPieces(pieces: NonNullable<Answer["stream"]>): AsyncGenerator<Buffer> {
  for (const { file, start, end } of pieces) {
    yield* createReadStream(file, { start, end, highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;
  }
}
