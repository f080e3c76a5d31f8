import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { StoreOperation } from "../s3/s3-connection.ts";

const tracer = trace.getTracer("@audiotricks/storage");

/** What a call is known by before it is made. */
interface CallName {
  name: string;
  httpMethod: string;
  endpoint: string;
  bucket: string;
}

/**
 * Makes a call to the store a span, which ends when it is written to the operations log. Neither URL nor key is in it: the one has a
 * signature, and the other is somebody's. Without an SDK it is nothing.
 */
export function traceStoreCall<Result>(
  call: CallName,
  make: (end: (operation: StoreOperation) => void) => Promise<Result>,
) {
  return tracer.startActiveSpan(
    `S3 ${call.name}`,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        "rpc.system": "aws-api",
        "rpc.service": "S3",
        "rpc.method": call.name,
        "aws.s3.bucket": call.bucket,
        "http.request.method": call.httpMethod,
        "server.address": URL.parse(call.endpoint)?.hostname ?? "",
      },
    },
    async (span) => {
      try {
        return await make(({ status, attempts, errorCode, cause }) => {
          if (status !== undefined) span.setAttribute("http.response.status_code", status);
          span.setAttributes({ "audiotricks.attempts": attempts, "audiotricks.cause": cause });
          if (errorCode === undefined) return;
          span.setAttribute("error.type", errorCode);
          span.setStatus({ code: SpanStatusCode.ERROR });
        });
      } finally {
        span.end();
      }
    },
  );
}
