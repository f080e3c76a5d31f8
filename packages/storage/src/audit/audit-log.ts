import type { UploadErrorCode } from "@audiotricks/protocol";
import { type Kysely, sql } from "kysely";
import { ACCESS, type Action } from "../access/access-table.ts";
import { createBatchWriter } from "../batch-writer.ts";
import type { Database } from "../database.ts";
import { isUuid } from "../is-uuid.ts";
import type { Caller } from "../storage.ts";

/** Who did what to which resource, from where, with what outcome. */
export interface AuditEntry {
  /** `undefined` where nobody had signed in. */
  caller: Caller | undefined;
  action: Action;
  /** `undefined` where no one resource was meant. */
  resourceId: string | undefined;
  outcome: "done" | UploadErrorCode;
  address: string | undefined;
  requestId: string;
}

export interface AuditLog {
  /** Within a second or so; what is the same and comes again meanwhile is counted on one row. */
  record(entry: AuditEntry): void;
  /** Resolves when they are written. With the database away they wait, and it resolves as well: what was done is done. */
  write(entries: readonly AuditEntry[]): Promise<void>;
  /** Writes out what is waiting. */
  flush(): Promise<void>;
}

interface Row extends AuditEntry {
  /** Of the first. */
  since: number;
  times: number;
  key: string | undefined;
}

const MAX_WAITING = 20_000;

export function createAuditLog(db: Kysely<Database>, onError: (error: unknown) => void): AuditLog {
  /** Those that can still be counted up. */
  const open = new Map<string, Row>();
  const writer = createBatchWriter<Row>({
    insert: async (rows) => {
      for (const { key } of rows) if (key !== undefined) open.delete(key);
      await insert(db, rows).catch(async (error: unknown) => {
        if (!isWithoutPartition(error)) throw error;
        await sql`SELECT ensure_audit_partitions()`.execute(db);
        await insert(db, rows);
      });
    },
    onError,
    maxWaiting: MAX_WAITING,
    whenFull: "drop-newest",
  });

  return {
    record: (entry) => {
      const key = sameness(entry);
      const known = open.get(key);
      if (known !== undefined) {
        known.times++;
        return;
      }
      const row: Row = { ...entry, since: performance.now(), times: 1, key };
      if (open.size < MAX_WAITING) open.set(key, row);
      writer.add(row);
    },
    write: async (entries) => {
      if (entries.length === 0) return;
      // A batch of which a hundred files are refused for one reason is one row.
      for (const [first, ...others] of Map.groupBy(entries, sameness).values())
        if (first !== undefined)
          writer.add({ ...first, since: performance.now(), times: 1 + others.length, key: undefined });
      await writer.flush().catch(onError);
    },
    flush: writer.flush,
  };
}

/** What makes entries one. No two different ones have one text: of all this, only an id out of a path may have line breaks. */
function sameness({ caller, action, resourceId, outcome, address }: AuditEntry): string {
  return `${whoOf(caller)}\n${action}\n${resourceId}\n${outcome}\n${address}`;
}

function whoOf(caller: Caller | undefined): string {
  if (caller === undefined) return "nobody";
  if ("service" in caller) return `service ${caller.service}`;
  return `${caller.isOperator === true ? "operator" : "user"} ${caller.userId}`;
}

async function insert(db: Kysely<Database>, rows: readonly Row[]): Promise<void> {
  const now = performance.now();
  // One text whatever their number, so that it is prepared; by how long ago: the time is the database's, whatever this server's clock says.
  await sql`
    INSERT INTO storage_audit
      (at, user_id, service, is_operator, action, resource, resource_id, outcome, address, request_id, times)
    SELECT now() - make_interval(secs => e.ago), e.user_id, e.service, e.is_operator, e.action, e.resource, e.resource_id,
      e.outcome, e.address, e.request_id, e.times
    FROM jsonb_to_recordset(${JSON.stringify(rows.map((row) => toRecord(row, now)))}::jsonb) AS e (
      ago double precision, user_id uuid, service text, is_operator boolean, action text, resource text, resource_id uuid,
      outcome text, address inet, request_id text, times integer)`.execute(db);
}

function toRecord(
  { caller, action, resourceId, outcome, address, requestId, since, times }: Row,
  now: number,
) {
  return {
    ago: Math.max(0, (now - since) / 1000),
    user_id: caller !== undefined && "userId" in caller ? caller.userId : null,
    service: caller !== undefined && "service" in caller ? caller.service : null,
    is_operator: caller !== undefined && "userId" in caller && caller.isOperator === true,
    action,
    resource: ACCESS[action].about,
    resource_id: resourceId !== undefined && isUuid(resourceId) ? resourceId : null,
    outcome,
    address: address ?? null,
    request_id: requestId,
    times,
  };
}

/** A month that nobody has made yet: no job has run for long. */
function isWithoutPartition(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "23514" &&
    error.message.startsWith("no partition of relation")
  );
}
