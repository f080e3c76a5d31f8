import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** Whoever changes something by the command line: nobody that signs in. */
export interface Operator {
  /** `cli:USER@HOST`, of the operating system; at most 300 characters. */
  actor: string;
  /** The same for all that one command does. */
  requestId: string;
}

/** What the command line changes, and what each is about. */
export const OPERATOR_ACTIONS = {
  migrate: "deployment",
  addProvider: "provider",
  rotateProvider: "provider",
  rewrapSecrets: "provider",
  disableProvider: "provider",
  enableProvider: "provider",
  /** A bucket, its rules and its CDN, of a provider that may be added afterwards. */
  prepareProvider: "provider",
  fixBucket: "provider",
  setStandsIn: "provider",
  setHome: "workspace",
  addArchiveRule: "provider",
  removeArchiveRule: "provider",
  startMove: "workspace",
  cancelMove: "workspace",
  setUserQuota: "user",
  setWorkspaceQuota: "workspace",
  releaseFile: "file",
  deleteHeldFile: "file",
  runBackup: "deployment",
  compareBackup: "deployment",
  restoreFile: "file",
  restoreWorkspace: "workspace",
  restoreProvider: "provider",
  exportUser: "user",
  sweep: "deployment",
  deleteUnknown: "provider",
  backupDatabase: "deployment",
  restoreDatabase: "deployment",
  drillRestore: "deployment",
  replayEvents: "event",
  dropEvents: "event",
  setPrice: "deployment",
  setActualCost: "deployment",
  setAlertRule: "deployment",
  acknowledgeAlert: "deployment",
} as const satisfies Record<string, string>;

export type OperatorAction = keyof typeof OPERATOR_ACTIONS;

export interface OperatorEntry {
  action: OperatorAction;
  /** Of what it is about; `undefined` where that is no one thing. */
  resourceId?: string | undefined;
  /** `begun` before a change that no transaction holds, `done`, or the code of the error that was told. */
  outcome: string;
  /** What it was and what it is. No secret goes in here, sealed or not. */
  change?: { before?: unknown; after?: unknown } | undefined;
}

const MAX_CHANGE_LENGTH = 50_000;

/**
 * Writes one entry of the audit log, in the transaction of what it tells of where there is one: then neither is there without the
 * other. Nothing without an operator: a program that uses this package keeps its own record.
 */
export async function recordOperator(
  db: Kysely<Database>,
  by: Operator | undefined,
  { action, resourceId, outcome, change }: OperatorEntry,
): Promise<void> {
  if (by === undefined) return;
  // Where no job has run for long, this month has none; it takes no lock where there is one.
  await sql`SELECT ensure_audit_partitions(0)`.execute(db);
  await db
    .insertInto("storage_audit")
    .values({
      actor: by.actor,
      request_id: by.requestId,
      is_operator: true,
      action,
      resource: OPERATOR_ACTIONS[action],
      resource_id: resourceId ?? null,
      outcome,
      change: change === undefined ? null : asJson(change),
    })
    .execute();
}

/**
 * Writes down what a server changes for all of them when it starts, in the transaction of the change.
 *
 * @param server Its name; nobody that signs in.
 */
export async function recordServer(
  db: Kysely<Database>,
  server: string,
  { action, change }: { action: "setScanPolicy"; change: { before: unknown; after: unknown } },
): Promise<void> {
  await sql`SELECT ensure_audit_partitions(0)`.execute(db);
  await db
    .insertInto("storage_audit")
    .values({ service: server, action, resource: "deployment", outcome: "done", change: asJson(change) })
    .execute();
}

/** An entry that is too long is still an entry. */
function asJson(change: object): string {
  const text = JSON.stringify(change);
  return text.length <= MAX_CHANGE_LENGTH ? text : JSON.stringify({ omitted: `${text.length} characters` });
}
