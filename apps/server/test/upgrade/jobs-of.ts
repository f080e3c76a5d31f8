import { JOBS_SCHEMA } from "@audiotricks/migrations";
import { type Kysely, sql } from "kysely";
import type { Pool } from "pg";
import { PgBoss } from "pg-boss";
import type { ReleaseServer } from "./two-releases.ts";

/** Names of the jobs that this server has done since its output had `since` characters. */
export function jobsDoneBy(server: ReleaseServer, since = 0): string[] {
  return logLines(server.output().slice(since)).flatMap(({ msg, job }) =>
    msg === "a job is done" && typeof job === "string" ? [job] : [],
  );
}

/** What the server called a fault. */
export function faultsOf(server: ReleaseServer): object[] {
  return logLines(server.output()).filter(({ level }) => level === "error" || level === "fatal");
}

interface LogLine {
  level?: string;
  msg?: string;
  job?: unknown;
}

function logLines(output: string): LogLine[] {
  return output.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    try {
      return [JSON.parse(line) as LogLine];
    } catch {
      return []; // still being written
    }
  });
}

/** Puts a job into the queue as whoever wrote a payload of that version would. */
export async function sendJob(
  pool: Pool,
  name: string,
  { version, retryDelay }: { version: number; retryDelay?: number },
): Promise<void> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values) },
    schema: JOBS_SCHEMA,
    migrate: false,
    supervise: false,
    schedule: false,
  });
  await boss.start();
  try {
    await boss.send(
      name,
      { version, isAgain: true },
      retryDelay === undefined ? {} : { retryLimit: 5, retryDelay },
    );
  } finally {
    await boss.stop({ graceful: false, close: false });
  }
}

/** Of the job whose payload has this version. */
export async function stateOfJob<Database>(
  db: Kysely<Database>,
  version: number,
): Promise<string | undefined> {
  const { rows } = await sql<{ state: string }>`
    SELECT state FROM storage_jobs.job WHERE data ->> 'version' = ${String(version)}`.execute(db);
  return rows[0]?.state;
}
