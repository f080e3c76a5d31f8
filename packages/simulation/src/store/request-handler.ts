import { Readable } from "node:stream";
import type { Buckets } from "../site/buckets.ts";
import { running } from "../world/actor.ts";
import type { FaultKind } from "../world/climate.ts";
import type { Faults } from "../world/faults.ts";
import type { World } from "../world/world.ts";
import { StoreRefusal } from "./object-store.ts";
import type { S3Answer, S3Request, S3Server } from "./s3-server.ts";
import { toXml } from "./xml.ts";

/** A request as the SDK makes it. */
interface SdkRequest {
  method: string;
  hostname: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

interface SdkOptions {
  requestTimeout?: number;
  abortSignal?: AbortSignal;
}

interface SdkResponse {
  response: { statusCode: number; headers: Record<string, string>; body: Readable };
}

const DEFAULT_TIMEOUT_MS = 30_000;

const KINDS = [
  "store-503",
  "store-500-before",
  "store-500-after",
  "store-timeout-before",
  "store-timeout-after",
  "store-reset-before",
  "store-reset-mid-body",
  "store-truncated-200",
  "store-200-with-error",
] as const satisfies readonly FaultKind[];

/** Carries the SDK's requests to the store and their answers back, in the place of HTTP; not always. */
export function createRequestHandler(world: World, faults: Faults, buckets: Buckets) {
  async function deliver(
    server: S3Server,
    request: S3Request,
  ): Promise<S3Answer | "reset" | "silence" | "reset in mid-body"> {
    const { random } = running();
    const isSlow = faults.strike("store-slow");
    await world.sleep(random.skewed(1, isSlow ? 25_000 : 60), world.wire);
    if (faults.strike("store-delivered-twice")) {
      const upload = server.store.findUpload(request.key, request.query.uploadId ?? "");
      if (upload !== undefined) upload.isRepeated = true;
      void world.sleep(random.skewed(1, 2_000), world.wire).then(() => server.serve(request));
    }
    const fault = faults.among(KINDS);
    if (fault === "store-503") return server.refuse(new StoreRefusal(503, "SlowDown"), request.method);
    if (fault === "store-500-before")
      return server.refuse(new StoreRefusal(500, "InternalError"), request.method);
    if (fault === "store-timeout-before") return "silence";
    if (fault === "store-reset-before") return "reset";
    const isDone = fault !== "store-200-with-error" || random.chance(0.5);
    const answer = isDone ? await server.serve(request) : undefined;
    switch (fault) {
      case "store-500-after":
        return server.refuse(new StoreRefusal(500, "InternalError"), request.method);
      case "store-timeout-after":
        return "silence";
      case "store-reset-mid-body":
        return "reset in mid-body";
      case "store-truncated-200":
        // Where its length was announced, HTTP itself tells.
        if (answer === undefined || answer.headers["content-length"] !== undefined)
          return "reset in mid-body";
        return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
      case "store-200-with-error":
        // Only answers that begin before the work is done can end so.
        if (!isLongWork(request)) return "reset in mid-body";
        return {
          status: 200,
          headers: { "content-type": "application/xml" },
          body: toXml("Error", { Code: "InternalError", Message: "We encountered an internal error." }),
        };
      case undefined:
        return answer ?? "silence";
    }
  }

  return {
    metadata: { handlerProtocol: "http/1.1" },
    destroy: () => {},
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    async handle(
      request: SdkRequest,
      { requestTimeout: timeoutMs = DEFAULT_TIMEOUT_MS, abortSignal }: SdkOptions = {},
    ): Promise<SdkResponse> {
      const { actor, random } = running();
      const { s3 } = buckets.at(request.hostname);
      const whole = await toRequest(request);
      return new Promise((resolve, reject) => {
        if (abortSignal?.aborted) return reject(aborted());
        const stopWaiting = world.after(timeoutMs, () => reject(timedOut(timeoutMs)));
        // Nobody waits any more; what was sent is on its way.
        abortSignal?.addEventListener("abort", () => reject(aborted()), { once: true });
        void deliver(s3, whole).then((answer) => {
          if (answer === "silence") return;
          world.after(
            random.skewed(1, 60),
            () => {
              stopWaiting();
              if (answer === "reset") reject(reset());
              else if (answer === "reset in mid-body") resolve(brokenResponse());
              else resolve(toResponse(answer));
            },
            actor,
          );
        });
      });
    },
  };
}

/** Complete and copies: the store says 200 before it knows, and keeps the connection alive with spaces. */
function isLongWork({ method, query, headers }: S3Request): boolean {
  return (method === "POST" && query.uploadId !== undefined) || headers["x-amz-copy-source"] !== undefined;
}

export type RequestHandler = ReturnType<typeof createRequestHandler>;

async function toRequest({ method, path, query = {}, headers, body }: SdkRequest): Promise<S3Request> {
  return {
    method,
    key: decodeURIComponent(path.replace(/^\//, "")),
    query: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value ?? "")])),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    // One that streams is made while it is sent.
    body: body instanceof Readable ? Buffer.concat(await body.toArray()) : (body as S3Request["body"]),
  };
}

function toResponse({ status, headers, body }: S3Answer): SdkResponse {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    response: { statusCode: status, headers, body: Readable.from(bytes.length === 0 ? [] : [bytes]) },
  };
}

/** The head of an answer, and then the end of the connection. */
function brokenResponse(): SdkResponse {
  const body = new Readable({
    read() {
      this.push(Buffer.from("<?xml"));
      this.destroy(reset());
    },
  });
  return { response: { statusCode: 200, headers: { "content-type": "application/xml" }, body } };
}

function reset(): Error {
  return Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
}

function aborted(): Error {
  return Object.assign(new Error("Request aborted"), { name: "AbortError" });
}

function timedOut(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { name: "TimeoutError", code: "ETIMEDOUT" });
}
