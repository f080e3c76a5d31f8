import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { describeSweepFailure } from "../sweep/sweep-failure.ts";
import { ALERT_KINDS, isAlertKind } from "./alert-kinds.ts";
import { type Breach, MAX_BREACHES } from "./alert-source.ts";

export interface ToldAlert {
  id: string;
  kind: string;
  subject: string;
  message: string;
}

export interface AlertReport {
  raised: ToldAlert[];
  cleared: ToldAlert[];
  /** By kind: what was open stays so. */
  failures: { id: string; code: string; message: string }[];
}

interface Rule {
  kind: string;
  threshold: number;
  cooldownSeconds: number;
  isEnabled: boolean;
}

/**
 * Looks at everything that a person is to be told of. What is beyond its threshold is raised, once for as long as it is so and not again within
 * the rule's cooldown; what is no more is cleared, as is what nobody asks for any more. Each is an event for the webhook as well. Safe at any time, by
 * any number of callers.
 */
export async function watchAlerts(
  context: StorageContext,
  { signal }: { signal?: AbortSignal } = {},
): Promise<AlertReport> {
  const { db } = context;
  const report: AlertReport = { raised: [], cleared: [], failures: [] };
  const rules = await db
    .selectFrom("alert_rules")
    .select(["kind", "threshold", "cooldown_seconds as cooldownSeconds", "is_enabled as isEnabled"])
    .orderBy("kind")
    .execute();
  for (const row of rules) {
    if (signal?.aborted) break;
    const { kind } = row;
    if (!isAlertKind(kind)) continue;
    const rule = { ...row, threshold: Number(row.threshold) };
    try {
      const breaches = rule.isEnabled ? await ALERT_KINDS[kind].source(context, rule.threshold) : [];
      const { raised, cleared } = await settle(context, rule, breaches);
      report.raised.push(...raised);
      report.cleared.push(...cleared);
    } catch (error) {
      const { code, message } = describeSweepFailure(error);
      report.failures.push({ id: kind, code, message });
    }
  }
  return report;
}

/** One transaction, and one of a kind at a time: of two that looked at once the later finds what the other has raised. */
async function settle(
  { db, clock }: Pick<StorageContext, "clock"> & { db: Kysely<Database> },
  { kind, threshold, cooldownSeconds }: Rule,
  breaches: readonly Breach[],
): Promise<{ raised: ToldAlert[]; cleared: ToldAlert[] }> {
  const found = sql`jsonb_to_recordset(${JSON.stringify(breaches)}::jsonb) AS b (subject text, value bigint, message text)`;
  const told = sql`a.id, a.kind, a.subject, a.message`;
  return await db.transaction().execute(async (trx) => {
    await sql`SELECT FROM alert_rules WHERE kind = ${kind} FOR UPDATE`.execute(trx);
    await sql`
      UPDATE alerts a
      SET value = b.value, threshold = ${threshold}, message = left(b.message, 1000), last_seen_at = ${clock.now()}
      FROM ${found} WHERE a.kind = ${kind} AND a.subject = b.subject AND a.state <> 'cleared'`.execute(trx);
    const { rows: raised } = await sql<ToldAlert>`
      INSERT INTO alerts AS a (kind, subject, value, threshold, message, raised_at, last_seen_at)
      SELECT ${kind}, b.subject, b.value, ${threshold}, left(b.message, 1000), ${clock.now()}, ${clock.now()} FROM ${found}
      WHERE NOT EXISTS (
        SELECT FROM alerts e WHERE e.kind = ${kind} AND e.subject = b.subject
          AND (e.state <> 'cleared' OR e.raised_at > ${clock.in(-cooldownSeconds * 1000)}))
      ORDER BY b.subject
      ON CONFLICT DO NOTHING
      RETURNING ${told}`.execute(trx);
    // Of more than could be told nobody knows which are over.
    if (breaches.length >= MAX_BREACHES) return { raised, cleared: [] };
    const { rows: cleared } = await sql<ToldAlert>`
      UPDATE alerts a SET state = 'cleared', cleared_at = ${clock.now()}
      WHERE a.kind = ${kind} AND a.state <> 'cleared' AND NOT EXISTS (SELECT FROM ${found} WHERE b.subject = a.subject)
      RETURNING ${told}`.execute(trx);
    return { raised, cleared };
  });
}
