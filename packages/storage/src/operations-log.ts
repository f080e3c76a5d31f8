import type { Insertable, Kysely } from "kysely";
import type { Database } from "./database.ts";
import type { SpacesOperations } from "./database-schema.ts";
import type { StoreOperation } from "./s3/s3-connection.ts";

/** Writes calls to the store into `spaces_operations`, in batches and never in anyone's way. */
export interface OperationsLog {
  record: (operation: StoreOperation) => void;
  /** Writes out what is waiting. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const FLUSH_AFTER_MS = 1_000;
const BATCH_SIZE = 500;
/** With the database away longer than this lasts, the oldest entries go: memory is worth more than the log. */
const MAX_WAITING = 20_000;

export function createOperationsLog(db: Kysely<Database>, onError: (error: unknown) => void): OperationsLog {
  let waiting: Insertable<SpacesOperations>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_SIZE);
      await db.insertInto("spaces_operations").values(batch).execute();
      waiting = waiting.slice(batch.length);
    }
  }
  function flush(): Promise<void> {
    writing = writing.then(write, write);
    return writing;
  }

  return {
    record: (operation) => {
      if (waiting.length >= MAX_WAITING) waiting.shift();
      waiting.push(toRow(operation));
      timer ??= setTimeout(() => void flush().catch(onError), FLUSH_AFTER_MS).unref();
    },
    flush,
    close: flush,
  };
}

function toRow(operation: StoreOperation): Insertable<SpacesOperations> {
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
    user_id: operation.userId ?? null,
    workspace_id: operation.workspaceId ?? null,
    started_at: operation.startedAt,
    completed_at: new Date(operation.startedAt.getTime() + operation.durationMs),
  };
}
