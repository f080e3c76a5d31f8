import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Answer } from "../answer.ts";
import { answerBytes, answerSize, sendAnswer } from "../send-answer.ts";
import { throttle } from "./body-streams.ts";
import type { Strike } from "./strike.ts";

/** Sends an answer as the fault has it. @returns Bytes of the body that were sent. */
export async function sendUnder(
  { fault, ended, happened }: Strike,
  response: ServerResponse,
  answer: Answer,
  isHead: boolean,
): Promise<number> {
  const size = isHead ? 0 : answerSize(answer);
  const half = Math.floor(size / 2);
  if (size === 0) return sendAnswer(response, answer, isHead);
  switch (fault.fault) {
    case "slow-socket": {
      response.writeHead(answer.status, { ...answer.headers, "content-length": String(size) });
      const body = Readable.from(answerBytes(answer), { objectMode: false });
      await pipeline(body, throttle(fault.bytesPerSecond, ended, happened), response);
      return size;
    }
    case "truncated": {
      if (answer.status !== 200) return sendAnswer(response, answer, isHead);
      await sendSome(response, answer, half, fault.seemsWhole === true ? half : size);
      happened();
      response.socket?.destroySoon();
      return half;
    }
    case "reset": {
      if (response.req.method !== "GET") return sendAnswer(response, answer, isHead);
      const sent = Math.min(fault.afterBytes ?? half, size);
      await sendSome(response, answer, sent, size);
      happened();
      response.socket?.resetAndDestroy();
      return sent;
    }
    default:
      return sendAnswer(response, answer, isHead);
  }
}

async function sendSome(
  response: ServerResponse,
  answer: Answer,
  bytes: number,
  announced: number,
): Promise<void> {
  response.writeHead(answer.status, {
    ...answer.headers,
    "content-length": String(announced),
    connection: "close",
  });
  response.flushHeaders();
  const closed = once(response, "close");
  let left = bytes;
  for await (const piece of answerBytes(answer)) {
    if (left === 0 || response.destroyed) return;
    const part = piece.subarray(0, left);
    left -= part.length;
    // Handed to the system: what ends the connection next must not take it along.
    await Promise.race([new Promise<void>((resolve) => response.write(part, () => resolve())), closed]);
  }
}
