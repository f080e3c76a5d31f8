import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { Slots } from "../concurrency.ts";
import { lookupPublic } from "../providers/endpoint-host.ts";
import { traceStoreCall } from "../tracing/trace-store-call.ts";
import { type BucketAddress, bothHosts } from "./bucket-address.ts";
import { createPresigner, type Presigner } from "./presign.ts";
import { type Cause, createRequestBudget, type RequestBudget } from "./request-budget.ts";
import { describeFailure, type S3Failure } from "./s3-failure.ts";
import type { SigningCredentials } from "./sigv4.ts";

/** On whose behalf a call is made; ends up in the operations log. */
export interface OperationSubject {
  providerId?: string;
  fileId?: string;
  userId?: string | null;
  workspaceId?: string | null;
}

export interface StoreOperation extends OperationSubject {
  type: "upload" | "download" | "delete" | "copy" | "list" | "head";
  /** S3's name for the call, such as `CompleteMultipartUpload`. */
  name: string;
  key: string | null;
  httpMethod: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  endpoint: string;
  startedAt: Date;
  durationMs: number;
  status: number | undefined;
  requestId: string | undefined;
  /** Bytes of a file that the call carried, one way or the other. */
  requestSize: number | undefined;
  responseSize: number | undefined;
  errorCode: string | undefined;
  /** Who waited for it. */
  cause: Cause;
  /** How often it was sent. */
  attempts: number;
}

/** One bucket, ready to be talked to. The functions beside this file are its operations, one for each call of S3. */
export interface S3Connection {
  bucket: string;
  address: BucketAddress;
  client: S3Client;
  /** For calls that must not be sent twice behind our back. */
  onceClient: S3Client;
  /** Longest that the store may work on one CompleteMultipartUpload or copy. */
  completionLimitMs: number;
  presigner: Presigner;
  /** For what browsers send in parallel: one for each host name of the bucket that may be used. */
  uploadPresigners: readonly [Presigner, ...Presigner[]];
  subject: OperationSubject;
  record: (operation: StoreOperation) => void;
  /** Bounds the calls at once; without it the client's sockets do. */
  slots?: Slots;
  /** Bounds the calls a second. */
  budget: RequestBudget;
  /** Who waits for what is asked now. */
  cause: Cause;
  /** Ends the waiting for the budget. */
  signal?: AbortSignal;
}

export interface S3ConnectionOptions extends BucketAddress {
  region: string;
  credentials: SigningCredentials;
  completionLimitMs: number;
  /** Whether browsers reach the bucket by both of its host names. */
  hasTwoHosts: boolean;
  record: (operation: StoreOperation) => void;
  /** Without it nothing bounds the rate. */
  budget?: RequestBudget;
  /** Whether its host may only lead to addresses of the internet. */
  isPublicOnly?: boolean;
  /** What carries the requests, by default HTTP. Timeouts are its own then. */
  requestHandler?: RequestHandler | undefined;
}

export type RequestHandler = NonNullable<S3ClientConfig["requestHandler"]>;

/** As the SDK makes its own. */
const AGENT = { keepAlive: true, maxSockets: 50 };
const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;

export function connectS3(options: S3ConnectionOptions): S3Connection {
  const { endpoint, bucket, forcePathStyle, region, credentials, completionLimitMs } = options;
  const address = { endpoint, bucket, forcePathStyle };
  const shared = {
    endpoint,
    region,
    forcePathStyle,
    // A copy: the SDK writes into what it is given, and the caller tells connections apart by it.
    credentials: { ...credentials },
    // The default would put a checksum of an empty body into every request whose body it cannot see.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: options.requestHandler ?? {
      ...(options.isPublicOnly === true ? { httpsAgent: { ...AGENT, lookup: lookupPublic } } : {}),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  } satisfies S3ClientConfig;
  const client = new S3Client({ ...shared, maxAttempts: 3 });
  const onceClient = new S3Client({ ...shared, maxAttempts: 1 });
  // The SDK learns from the store's Date header how far our clock is off.
  const now = () => new Date(Date.now() + client.config.systemClockOffset);
  const presignerFor = (at: BucketAddress) => createPresigner({ ...at, region, credentials, now });
  const presigner = presignerFor(address);
  const [first, second] = bothHosts(address);
  const uploadPresigners = options.hasTwoHosts
    ? ([presignerFor(first), presignerFor(second)] as const)
    : ([presigner] as const);
  const { record, budget = createRequestBudget(Number.POSITIVE_INFINITY) } = options;
  for (const one of [client, onceClient]) tellAttempts(one, budget);
  return {
    bucket,
    address,
    client,
    onceClient,
    completionLimitMs,
    presigner,
    uploadPresigners,
    subject: {},
    record,
    budget,
    cause: "request",
  };
}

/** Below the SDK's repeats: of a call that succeeds at last, the caller never hears what the store said before. */
function tellAttempts({ middlewareStack }: S3Client, budget: RequestBudget): void {
  middlewareStack.add(
    (next) => {
      let isRepeat = false;
      return async (args) => {
        let isSlowDown = false;
        try {
          const answer = await next(args);
          isSlowDown = asksToSlowDown(answer.response);
          return answer;
        } finally {
          budget.settle({ isRepeat, isSlowDown });
          isRepeat = true;
        }
      };
    },
    { step: "deserialize", priority: "low", name: "tellAttempts" },
  );
}

function asksToSlowDown(response: unknown): boolean {
  if (typeof response !== "object" || response === null || !("statusCode" in response)) return false;
  return response.statusCode === 503 || response.statusCode === 429;
}

export function closeS3(s3: S3Connection): void {
  s3.client.destroy();
  s3.onceClient.destroy();
}

interface Call<Output, Result> {
  type: StoreOperation["type"];
  name: string;
  httpMethod: StoreOperation["httpMethod"];
  key: string | null;
  requestSize?: number;
  send: () => Promise<Output>;
  result: (output: Output) => Result | Promise<Result>;
  /** Turns an expected failure into a result; throws for any other. */
  failed: (failure: S3Failure) => Result;
  responseSize?: (output: Output) => number | undefined;
}

interface Answered {
  $metadata: { httpStatusCode?: number; requestId?: string; attempts?: number };
}

/** Makes one call, when the budget allows it, and writes it to the operations log, whatever comes of it. */
export async function callS3<Output extends Answered, Result>(
  s3: S3Connection,
  call: Call<Output, Result>,
): Promise<Result> {
  const { slots, ...free } = s3;
  if (slots !== undefined) return slots.use(() => callS3(free, call));
  await s3.budget.take(s3.cause, s3.signal);
  const { endpoint } = s3.address;
  return traceStoreCall({ ...call, endpoint, bucket: s3.bucket }, (told) => sendCall(free, call, told));
}

async function sendCall<Output extends Answered, Result>(
  s3: S3Connection,
  call: Call<Output, Result>,
  told: (operation: StoreOperation) => void,
): Promise<Result> {
  const startedAt = new Date();
  const start = performance.now();
  const log = (
    outcome: Pick<StoreOperation, "status" | "requestId" | "responseSize" | "errorCode" | "attempts">,
  ) => {
    const operation: StoreOperation = {
      ...s3.subject,
      type: call.type,
      name: call.name,
      key: call.key,
      httpMethod: call.httpMethod,
      endpoint: s3.address.endpoint,
      startedAt,
      requestSize: call.requestSize,
      durationMs: Math.round(performance.now() - start),
      cause: s3.cause,
      ...outcome,
    };
    told(operation);
    s3.record(operation);
  };
  let output: Output;
  let result: Result;
  try {
    output = await call.send();
    result = await call.result(output);
  } catch (error) {
    const failure = describeFailure(error);
    const { status, requestId, code, attempts } = failure;
    // Asking whether something is there, or still the same, and hearing that it is not, is a success.
    const isAnswer = status === 404 || status === 412 || status === 416;
    log({ status, requestId, responseSize: undefined, errorCode: isAnswer ? undefined : code, attempts });
    return call.failed(failure);
  }
  const { httpStatusCode: status, requestId, attempts = 1 } = output.$metadata;
  log({ status, requestId, responseSize: call.responseSize?.(output), errorCode: undefined, attempts });
  return result;
}
