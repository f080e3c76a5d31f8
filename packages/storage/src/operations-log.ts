import type { ClientSummary } from "@audiotricks/protocol/messages";
import type { Insertable, Kysely } from "kysely";
import type { Database } from "./database.ts";
import { isAboutOne } from "./database-failures.ts";
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
  key: string;
  userId: string | null;
  workspaceId: string | null;
  beganAt: Date;
  summary: ClientSummary;
}

const FLUSH_AFTER_MS = 1_000;
const BATCH_SIZE = 500;
/** With the database away longer than this lasts, the oldest entries go: memory is worth more than the log. */
const MAX_WAITING = 20_000;

export function createOperationsLog(db: Kysely<Database>, onError: (error: unknown) => void): OperationsLog {
  let waiting: Row[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_SIZE);
      try {
        await insert(batch);
      } catch (error) {
        if (!isAboutOne(error)) throw error;
        // One that the table does not take must not keep out the others, now and for ever.
        for (const row of batch) await insert([row]).catch(onError);
      }
      waiting = waiting.filter((row) => !batch.includes(row));
    }
  }
  async function insert(rows: Row[]): Promise<void> {
    await db.insertInto("spaces_operations").values(rows).execute();
  }
  function add(row: Row): void {
    if (waiting.length >= MAX_WAITING) waiting.shift();
    waiting.push(row);
    timer ??= setTimeout(() => void flush().catch(onError), FLUSH_AFTER_MS).unref();
  }
  function flush(): Promise<void> {
    writing = writing.then(write, write);
    return writing;
  }

  return {
    record: (operation) => add(toRow(operation)),
    recordUpload: (upload) => add(toClientRow(upload)),
    flush,
    close: flush,
  };
}

type Row = Insertable<SpacesOperations>;

function toRow(operation: StoreOperation): Row {
  const success = operation.errorCode === undefined;
  return {
    operation_type: operation.type,
    operation_id: operation.requestId ?? null,
    file_storage_id: operation.fileId ?? null,
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

function toClientRow({ fileId, key, userId, workspaceId, beganAt, summary }: ClientUpload): Row {
  const { durationMs, bytesSent, ...report } = summary;
  const now = new Date();
  return {
    operation_type: "upload",
    file_storage_id: fileId,
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
