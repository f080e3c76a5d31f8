import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, errorAnswer } from "./answer.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { Disk } from "./disk.ts";
import { dispatch } from "./dispatch.ts";
import { S3Error } from "./s3-error.ts";
import { readRequest, type S3Request } from "./s3-request.ts";
import { sendAnswer } from "./send-answer.ts";
import { type Credentials, verifySignature } from "./signature.ts";

export interface SpacesEmulatorOptions {
  /** 0 for any free port. */
  port?: number;
  /** Loopback by default: this is for trying and for tests. */
  host?: string;
  /** Everything is kept here; it is made if absent. One process at a time. */
  dataDir: string;
  credentials: readonly Credentials[];
  /** Told of each request once it is answered. Must not throw. */
  onRequest?: (entry: EmulatorRequest) => void;
  /**
   * `ceph` is as odd as the gateway that Spaces is made of; `polite` adds the CORS headers that it leaves off refusals,
   * so that a browser can read them.
   */
  profile?: "ceph" | "polite";
}

export interface EmulatorRequest {
  method: string;
  bucket: string | undefined;
  key: string | undefined;
  /** Without signatures. */
  query: Record<string, string>;
  status: number;
  /** Bytes that the request announced. */
  requestBytes: number;
  responseBytes: number;
}

export interface SpacesEmulator extends AsyncDisposable {
  /** For path style; `BUCKET.localhost` at the same port is the other. */
  endpoint: string;
  port: number;
  close(): Promise<void>;
}

/**
 * Starts a local Spaces.
 *
 * @throws The system's error when the port is taken (`EADDRINUSE`) or the directory cannot be written.
 */
export async function startSpacesEmulator(options: SpacesEmulatorOptions): Promise<SpacesEmulator> {
  const { port = 9000, host = "127.0.0.1", dataDir } = options;
  const disk = await Disk.open(dataDir);
  const server = createServer(
    { keepAliveTimeout: 60_000, requestTimeout: 0, highWaterMark: 1 << 18 },
    (message, response) => {
      void serve(message, response, disk, options);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const actual = (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { endpoint: `http://${host}:${actual}`, port: actual, close, [Symbol.asyncDispose]: close };
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  disk: Disk,
  options: SpacesEmulatorOptions,
): Promise<void> {
  const requestId = `tx${randomBytes(10).toString("hex")}`;
  let request: S3Request | undefined;
  let answer: Answer;
  try {
    request = readRequest(message);
    answer = await respond(request, disk, options.credentials);
  } catch (error) {
    answer = errorAnswer(error instanceof S3Error ? error : unexpected(error), requestId);
  }
  const bucket = request?.bucket === undefined ? undefined : disk.buckets.get(request.bucket);
  // A refusal of Ceph's carries no CORS headers: the page sees a network error, not a status.
  const hidesFromPages = answer.status === 403 && options.profile !== "polite";
  const extra =
    request === undefined || hidesFromPages || request.method === "OPTIONS"
      ? {}
      : corsHeaders(request, bucket);
  answer.headers = { ...answer.headers, ...extra, "x-amz-request-id": requestId };
  // An unread body would be taken for the next request on this connection.
  if (!message.complete) {
    answer.headers.connection = "close";
    message.resume();
  }
  const sent = await sendAnswer(response, answer, message.method === "HEAD").catch(() => {
    response.destroy();
    return 0;
  });
  options.onRequest?.({
    method: message.method ?? "",
    bucket: request?.bucket,
    key: request?.key,
    query: Object.fromEntries(
      [...(request?.query ?? [])].filter(([name]) => !name.toLowerCase().startsWith("x-amz-")),
    ),
    status: answer.status,
    requestBytes: Number(message.headers["content-length"] ?? 0),
    responseBytes: sent,
  });
}

async function respond(request: S3Request, disk: Disk, credentials: readonly Credentials[]): Promise<Answer> {
  if (request.method === "OPTIONS") {
    const bucket = request.bucket === undefined ? undefined : disk.buckets.get(request.bucket);
    const headers = preflightHeaders(request, bucket);
    if (headers === undefined) throw new S3Error(403, "AccessForbidden");
    return { status: 200, headers };
  }
  const verified = verifySignature(request, credentials);
  return dispatch({ disk, request, verified }, credentials);
}

function unexpected(error: unknown): S3Error {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC") return new S3Error(507, "InsufficientStorage");
  console.error("spaces-emulator:", error);
  return new S3Error(500, "InternalError");
}
