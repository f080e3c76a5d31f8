import type { ClientSummary } from "@audiotricks/protocol/messages";
import type { Insertable, Kysely } from "kysely";
import { createBatchWriter } from "./batch-writer.ts";
import type { Database } from "./database.ts";
import type { SpacesOperations } from "./database-schema.ts";
import type { StoreOperation } from "./s3/s3-connection.ts";

/** Writes calls to the store into `spaces_operations`, in batches and never in anyone's way. */
export interface OperationsLog {
  record: (operation: StoreOperation) => void;
  /** One row for an upload as its browser tells it. Nobody has proved any of it, and the row says so. */
  recordUpload: (upload: ClientUpload) => void;
  /** Writes out what is waiting. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface ClientUpload {
  fileId: string;
  providerId: string;
  key: string;
  userId: string | null;
  workspaceId: string | null;
  beganAt: Date;
  summary: ClientSummary;
}

const MAX_WAITING = 20_000;

export function createOperationsLog(db: Kysely<Database>, onError: (error: unknown) => void): OperationsLog {
  const writer = createBatchWriter<Row>({
    insert: async (rows) => void (await db.insertInto("spaces_operations").values(rows).execute()),
    onError,
    maxWaiting: MAX_WAITING,
    whenFull: "drop-oldest",
  });
  return {
    record: (operation) => writer.add(toRow(operation)),
    recordUpload: (upload) => writer.add(toClientRow(upload)),
    flush: writer.flush,
    close: writer.flush,
  };
}

type Row = Insertable<SpacesOperations>;

function toRow(operation: StoreOperation): Row {
  const success = operation.errorCode === undefined;
  return {
    operation_type: operation.type,
    operation_id: operation.requestId ?? null,
    file_storage_id: operation.fileId ?? null,
    storage_provider_id: operation.providerId ?? null,
    storage_path: operation.key,
    http_method: operation.httpMethod,
    endpoint_url: operation.endpoint,
    request_headers: JSON.stringify({ operation: operation.name }),
    request_size: operation.requestSize ?? null,
    response_size: operation.responseSize ?? null,
    duration_ms: operation.durationMs,
    status_code: operation.status ?? null,
    success,
    error_message: operation.errorCode ?? null,
    cause: operation.cause,
    attempts: operation.attempts,
    user_id: operation.userId ?? null,
    workspace_id: operation.workspaceId ?? null,
    started_at: operation.startedAt,
    completed_at: new Date(operation.startedAt.getTime() + operation.durationMs),
  };
}

function toClientRow({ fileId, providerId, key, userId, workspaceId, beganAt, summary }: ClientUpload): Row {
  const { durationMs, bytesSent, ...report } = summary;
  const now = new Date();
  return {
    operation_type: "upload",
    file_storage_id: fileId,
    storage_provider_id: providerId,
    storage_path: key,
    http_method: "PUT",
    request_size: bytesSent,
    duration_ms: durationMs,
    success: true,
    user_id: userId,
    workspace_id: workspaceId,
    cause: "request",
    reported_by: "client",
    client_report: JSON.stringify(report),
    // Not before there was an upload, whatever the browser says.
    started_at: new Date(Math.max(now.getTime() - durationMs, beganAt.getTime())),
    completed_at: now,
  };
}
