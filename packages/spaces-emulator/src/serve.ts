import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, errorAnswer } from "./answer.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import type { Disk } from "./disk.ts";
import { dispatch } from "./dispatch.ts";
import { answerUnder, type Carried } from "./faults/answer-under.ts";
import type { FaultControl } from "./faults/fault-control.ts";
import type { FaultKit } from "./faults/fault-kit.ts";
import { hideEtag } from "./faults/hide-etag.ts";
import { sendUnder } from "./faults/send-under.ts";
import type { Strike } from "./faults/strike.ts";
import { operationOf } from "./operation.ts";
import { S3Error } from "./s3-error.ts";
import { readRequest, type S3Request } from "./s3-request.ts";
import { sendAnswer } from "./send-answer.ts";
import { verifySignature } from "./signature.ts";
import type { SpacesEmulatorOptions } from "./start-spaces-emulator.ts";

/** What all requests share. */
export interface Emulator {
  disk: Disk;
  options: SpacesEmulatorOptions;
  faults: FaultKit | undefined;
  control: FaultControl | undefined;
  /** Aborts when it is closed. */
  stopped: AbortSignal;
}

/** Answers one request, whatever it is. Never rejects. */
export async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  emulator: Emulator,
): Promise<void> {
  const { disk, options, control } = emulator;
  const requestId = `tx${randomBytes(10).toString("hex")}`;
  let request: S3Request | undefined;
  let strike: Strike | undefined;
  let answer: Answer | undefined;
  /** Of every answer there was, also of one that a fault kept back. */
  const releases: (() => Promise<void>)[] = [];
  try {
    const received = readRequest(message);
    request = received;
    if (control?.isFor(received)) {
      await send(await control.answer(received));
      return;
    }
    const carryOut = async (change?: Carried): Promise<Answer> => {
      const carried = await respond(received, emulator, change);
      if (carried.release !== undefined) releases.push(carried.release);
      return carried;
    };
    strike = findStrike(received, emulator);
    answer = await (strike === undefined
      ? carryOut()
      : respondUnder(strike, received, response, { emulator, carryOut }));
  } catch (error) {
    answer = errorAnswer(error instanceof S3Error ? error : unexpected(error), requestId);
  }
  const sent = answer === undefined ? 0 : await send(answer);
  for (const release of releases) await release();
  options.onRequest?.({
    method: message.method ?? "",
    bucket: request?.bucket,
    key: request?.key,
    query: Object.fromEntries(
      [...(request?.query ?? [])].filter(([name]) => !name.toLowerCase().startsWith("x-amz-")),
    ),
    status: answer?.status ?? 0,
    requestBytes: Number(message.headers["content-length"] ?? 0),
    responseBytes: sent,
  });

  async function send(answered: Answer): Promise<number> {
    const bucket = request?.bucket === undefined ? undefined : disk.buckets.get(request.bucket);
    // A refusal of Ceph's carries no CORS headers: the page sees a network error, not a status.
    const hidesFromPages = answered.status === 403 && options.profile !== "polite";
    const extra =
      request === undefined || hidesFromPages || request.method === "OPTIONS"
        ? {}
        : corsHeaders(request, bucket);
    answered.headers = { ...answered.headers, ...extra, "x-amz-request-id": requestId };
    // An unread body would be taken for the next request on this connection.
    if (!message.complete) {
      answered.headers.connection = "close";
      message.resume();
    }
    const isHead = message.method === "HEAD";
    if (strike !== undefined) answered.headers = hideEtag(strike, answered.headers);
    return (
      strike === undefined
        ? sendAnswer(response, answered, isHead)
        : sendUnder(strike, response, answered, isHead)
    ).catch(() => {
      response.destroy();
      return 0;
    });
  }
}

async function respond(
  request: S3Request,
  { disk, options: { credentials } }: Emulator,
  { skewMs = 0, listed = disk, ...change }: Carried = {},
): Promise<Answer> {
  if (request.method === "OPTIONS") {
    const bucket = request.bucket === undefined ? undefined : disk.buckets.get(request.bucket);
    const headers = preflightHeaders(request, bucket);
    if (headers === undefined) throw new S3Error(403, "AccessForbidden");
    return { status: 200, headers };
  }
  const verified = verifySignature(request, credentials, Date.now() + skewMs);
  return dispatch({ disk, request, verified, skewMs, listed, ...change }, credentials);
}

function findStrike(request: S3Request, { faults, disk }: Emulator): Strike | undefined {
  const operation = operationOf(request);
  if (faults === undefined || operation === undefined) return undefined;
  const { bucket, key } = request;
  const partNumber = Number(request.query.get("partNumber")) || undefined;
  return faults.strike({ operation, bucket, key, partNumber }, disk);
}

function respondUnder(
  strike: Strike,
  request: S3Request,
  response: ServerResponse,
  { emulator, carryOut }: { emulator: Emulator; carryOut: (change?: Carried) => Promise<Answer> },
): Promise<Answer | undefined> {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const connection = {
    reset: () => response.socket?.resetAndDestroy(),
    closed: closed.signal,
    stopped: emulator.stopped,
  };
  return answerUnder(strike, request, connection, carryOut);
}

function unexpected(error: unknown): S3Error {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC") return new S3Error(507, "InsufficientStorage");
  console.error("spaces-emulator:", error);
  return new S3Error(500, "InternalError");
}
