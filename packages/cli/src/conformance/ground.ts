import { randomUUID } from "node:crypto";
import { lookupPublic, type Provider } from "@audiotricks/storage";
import {
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { Limits } from "./limits.ts";
import { CouldNotTell } from "./probe.ts";
import { type RawAnswer, type RawRequest, rawRequest } from "./raw-request.ts";

export type Bucket = Pick<
  Provider,
  "endpoint" | "bucket" | "region" | "forcePathStyle" | "credentials" | "isPublicOnly"
>;

/** The place in the bucket where probes are made. Counts what they cost, and ends them when it is too much. */
export interface Ground extends Disposable {
  bucket: Bucket;
  prefix: string;
  limits: Limits;
  cost: { requests: number; bytes: number };
  lookup: typeof lookupPublic | undefined;
  /** For clean-up, whose requests are not counted. */
  client: S3Client;
  /** Another client for the same bucket. */
  openClient(more: S3ClientConfig): S3Client;
  /** Whether nothing more is asked. */
  isInterrupted(): boolean;
  /** A key that no other probe has. */
  newKey(name: string): string;
  /** One call of S3, made once. Rejects as the SDK does where the store refuses. */
  send: <Result>(
    call: (client: S3Client) => Promise<Result>,
    bytes?: number,
    client?: S3Client,
  ) => Promise<Result>;
  /** `200`, or `403 AccessDenied`. */
  answerTo(call: (client: S3Client) => Promise<unknown>, bytes?: number, client?: S3Client): Promise<string>;
  ask(url: string, request?: RawRequest): Promise<RawAnswer>;
  put(key: string, body: string, more?: object): Promise<string>;
  createUpload(key: string, more?: object): Promise<string>;
  sendPart(key: string, uploadId: string, partNumber: number, body: Uint8Array): Promise<SentPart>;
}

export interface SentPart {
  PartNumber: number;
  /** As the store quotes it. */
  ETag: string;
}

/** @param signal Ends before the next request; one that was sent is waited for, so that nothing comes up later. */
export function openGround(bucket: Bucket, signal: AbortSignal, limits: Limits): Ground {
  const { endpoint, region, forcePathStyle, credentials } = bucket;
  const lookup = bucket.isPublicOnly ? lookupPublic : undefined;
  const cost = { requests: 0, bytes: 0 };
  const openClient = (more: S3ClientConfig) =>
    new S3Client({
      endpoint,
      region,
      forcePathStyle,
      credentials: { ...credentials },
      maxAttempts: 1,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        ...(lookup && { httpsAgent: { keepAlive: true, lookup } }),
        connectionTimeout: 5_000,
        requestTimeout: limits.requestMs,
        throwOnRequestTimeout: true,
      },
      ...more,
    });
  const client = openClient({});
  const prefix = `conformance/${randomUUID()}/`;

  function take(bytes: number): void {
    if (signal.aborted) throw new CouldNotTell(stopReason(signal), { isConnection: true });
    if (cost.requests + 1 > limits.requests || cost.bytes + bytes > limits.bytes)
      throw new CouldNotTell("this run has cost as much as it may");
    cost.requests++;
    cost.bytes += bytes;
  }

  const send: Ground["send"] = async (call, bytes = 0, by = client) => {
    take(bytes);
    try {
      return await call(by);
    } catch (error) {
      throw orNoAnswer(error);
    }
  };
  const ground: Ground = {
    bucket,
    prefix,
    limits,
    cost,
    lookup,
    client,
    openClient,
    isInterrupted: () => signal.aborted,
    newKey: (name) => `${prefix}${name}-${randomUUID().slice(0, 8)}`,
    send,
    answerTo: async (call, bytes, by) => {
      try {
        const output = (await send(call, bytes, by)) as { $metadata?: { httpStatusCode?: number } };
        return String(output.$metadata?.httpStatusCode ?? 200);
      } catch (error) {
        if (error instanceof CouldNotTell) throw error;
        return nameRefusal(error);
      }
    },
    ask: async (url, request = {}) => {
      take(request.body === undefined ? 0 : Buffer.byteLength(request.body));
      let answer: RawAnswer;
      try {
        answer = await rawRequest(url, request, { timeoutMs: limits.requestMs, lookup });
      } catch (error) {
        throw orNoAnswer(error);
      }
      if (isBusy(answer.status)) throw busy(nameAnswer(answer));
      return answer;
    },
    put: async (Key, Body, more = {}) => {
      const { ETag = "" } = await send(
        (s3) => s3.send(new PutObjectCommand({ Bucket: bucket.bucket, Key, Body, ...more })),
        Body.length,
      );
      return ETag;
    },
    createUpload: async (Key, more = {}) => {
      const { UploadId = "" } = await send((s3) =>
        s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.bucket, Key, ...more })),
      );
      return UploadId;
    },
    sendPart: async (Key, UploadId, PartNumber, Body) => {
      const { ETag = "" } = await send(
        (s3) => s3.send(new UploadPartCommand({ Bucket: bucket.bucket, Key, UploadId, PartNumber, Body })),
        Body.length,
      );
      return { PartNumber, ETag };
    },
    [Symbol.dispose]: () => client.destroy(),
  };
  return ground;
}

/** `403 AccessDenied` */
export function nameAnswer({ status, code }: Pick<RawAnswer, "status" | "code">): string {
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** The same of an error of the SDK that carries an answer. */
export function nameRefusal(error: unknown): string {
  const { status, name } = refusalOf(error);
  return `${status} ${name}`;
}

/** What came back instead of an answer, as the end of a probe; an answer stays the error that it is. */
function orNoAnswer(error: unknown): unknown {
  if (error instanceof CouldNotTell) return error;
  const { status, name } = refusalOf(error);
  if (status === undefined)
    return isOfNetwork(error)
      ? new CouldNotTell(`no answer: ${name}`, { cause: error, isConnection: true })
      : error;
  return isBusy(status) ? busy(`${status} ${name}`) : error;
}

function refusalOf(error: unknown): { status: number | undefined; name: string } {
  if (!(error instanceof Error)) return { status: undefined, name: "Unknown" };
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  // The SDK calls a reset a TimeoutError; the system's own word says more.
  const isSystem = typeof code === "string" && (error.name === "Error" || /^E[A-Z]+$/.test(code));
  const name = isSystem ? code : error.name;
  return { status: $metadata?.httpStatusCode, name: /^[\w.-]{1,100}$/.test(name) ? name : "Unknown" };
}

/** Node's codes, such as ECONNREFUSED, ERR_TLS_…; and what the SDK and `AbortSignal.timeout` call a wait that was too long. */
function isOfNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return (
    /^(E[A-Z]|ERR_|HPE_|INTERNAL_ADDRESS|[A-Z_]*CERT)/.test(code) ||
    ["TimeoutError", "AbortError"].includes(error.name)
  );
}

const isBusy = (status: number): boolean => status === 503 || status === 429;

function busy(answer: string): CouldNotTell {
  return new CouldNotTell(`the store is busy: ${answer}`, { isConnection: true });
}

function stopReason(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return reason instanceof Error && reason.name === "TimeoutError"
    ? "the time for this run is up"
    : "interrupted";
}
