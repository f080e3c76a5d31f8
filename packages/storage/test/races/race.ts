import { UploadError } from "@audiotricks/protocol";
import type { CreatedUpload } from "@audiotricks/protocol/messages";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database, Storage } from "../../src/index.ts";
import type { BucketView } from "../test-storage.ts";

/** Several servers on one database and one bucket. */
export interface Arena {
  db: Kysely<Database>;
  servers: readonly Storage[];
  bucket: BucketView;
}

/** What came of a race: how often each outcome, and everything that must never be. */
export interface RaceResult {
  rounds: number;
  /** Calls that met one another. */
  calls: number;
  outcomes: Record<string, number>;
  wrongs: string[];
}

export class Tally {
  readonly outcomes: Record<string, number> = {};
  readonly wrongs: string[] = [];

  result(rounds: number, calls: number): RaceResult {
    return { rounds, calls, outcomes: this.outcomes, wrongs: this.wrongs };
  }

  count(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  requires(holds: boolean, otherwise: () => string): void {
    if (!holds) this.wrongs.push(otherwise());
  }
}

export function serverOf({ servers }: Arena, index: number): Storage {
  return servers[index % servers.length] as Storage;
}

/** What a call came to, in a word: what it answered, or the code of its refusal. Anything else that is thrown is wrong. */
export async function outcomeOf(tally: Tally, call: Promise<{ state: string }>): Promise<string> {
  try {
    return (await call).state;
  } catch (error) {
    if (error instanceof UploadError) return error.code;
    tally.wrongs.push(`a call threw ${String(error)}`);
    return "thrown";
  }
}

/** A fetch that is repeated where a kept connection was closed at the moment it was used again; all of ours may be. */
export async function fetchAgain(url: string, init: RequestInit = {}): Promise<Response> {
  for (let tries = 1; ; tries++) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

/** Sends all parts of a session. @returns Statuses. */
export function sendParts(
  { urls, partSize }: CreatedUpload,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<number[]> {
  return Promise.all(
    urls.map(async ({ url, partNumber, size }) => {
      const offset = (partNumber - 1) * partSize;
      const answer = await fetchAgain(url, { method: "PUT", body: bytes.subarray(offset, offset + size) });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
}

export function pause(mostMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
}

/** Runs rounds, so many side by side. */
export async function inLanes(
  rounds: number,
  lanes: number,
  round: (index: number) => Promise<void>,
): Promise<void> {
  const indexes = Array.from({ length: rounds }, (_, index) => index).values();
  const lane = async () => {
    for (const index of indexes) await round(index);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Counters that are not what their rows say, and files of which something was said more than once. */
export async function findMiscounts({ db }: Arena): Promise<string[]> {
  const { rows: counters } = await sql<{ row: unknown }>`
    SELECT to_jsonb(r) AS row
    FROM recount_storage_after('user', '00000000-0000-0000-0000-000000000000', 1000000) r
    WHERE (counter_used_bytes, counter_reserved_bytes, counter_used_files, counter_reserved_files)
      IS DISTINCT FROM (actual_used_bytes, actual_reserved_bytes, actual_used_files, actual_reserved_files)`.execute(
    db,
  );
  const { rows: audits } = await sql<{ row: unknown }>`
    SELECT jsonb_build_object('action', action, 'file', resource_id, 'times', count(*)) AS row FROM audit_logs
    WHERE action IN ('file_stored', 'file_deleted') GROUP BY action, resource_id HAVING count(*) > 1`.execute(
    db,
  );
  const { rows: events } = await sql<{ row: unknown }>`
    SELECT jsonb_build_object('event', event_type, 'key', ordering_key, 'times', count(*)) AS row FROM outbox_events
    WHERE event_type IN ('file.stored', 'file.deleted') GROUP BY event_type, ordering_key HAVING count(*) > 1`.execute(
    db,
  );
  return [...counters, ...audits, ...events].map(({ row }) => JSON.stringify(row));
}
