import type { Kysely } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { OperatorError } from "../operator/operator-error.ts";
import { ALERT_KINDS, isAlertKind } from "./alert-kinds.ts";

export interface AlertRule {
  kind: string;
  threshold: number;
  /** What the threshold counts; `null` for a rule of another release. */
  unit: string | null;
  cooldownSeconds: number;
  isEnabled: boolean;
}

export async function listAlertRules(db: Kysely<Database>): Promise<AlertRule[]> {
  const rows = await db.selectFrom("alert_rules").selectAll().orderBy("kind").execute();
  return rows.map((row) => ({
    kind: row.kind,
    threshold: Number(row.threshold),
    unit: isAlertKind(row.kind) ? ALERT_KINDS[row.kind].unit : null,
    cooldownSeconds: row.cooldown_seconds,
    isEnabled: row.is_enabled,
  }));
}

/** `undefined`: as it is. */
export interface AlertRuleChange {
  threshold?: number | undefined;
  cooldownSeconds?: number | undefined;
  isEnabled?: boolean | undefined;
}

const MAX_COOLDOWN = 365 * 86_400;

/**
 * Says when a person is to be told. It counts from the next look on.
 *
 * @throws {OperatorError} `invalid_request`: no such kind, or numbers that cannot be.
 */
export async function setAlertRule(
  db: Kysely<Database>,
  kind: string,
  { threshold, cooldownSeconds, isEnabled }: AlertRuleChange,
  by?: Operator,
): Promise<AlertRule> {
  if (!isAlertKind(kind))
    throw new OperatorError("invalid_request", `A kind is one of ${Object.keys(ALERT_KINDS).join(", ")}.`);
  if (threshold !== undefined && !(Number.isSafeInteger(threshold) && threshold >= 0))
    throw new OperatorError(
      "invalid_request",
      `The threshold of ${kind} is a whole number, in ${ALERT_KINDS[kind].unit}.`,
    );
  if (
    cooldownSeconds !== undefined &&
    !(Number.isInteger(cooldownSeconds) && cooldownSeconds >= 0 && cooldownSeconds <= MAX_COOLDOWN)
  )
    throw new OperatorError("invalid_request", "A cooldown is up to a year.");
  return await db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom("alert_rules")
      .selectAll()
      .where("kind", "=", kind)
      .forUpdate()
      .executeTakeFirst();
    const row = {
      threshold: threshold ?? before?.threshold ?? 0,
      cooldown_seconds: cooldownSeconds ?? before?.cooldown_seconds ?? 86_400,
      is_enabled: isEnabled ?? before?.is_enabled ?? true,
      updated_at: new Date(),
    };
    await trx
      .insertInto("alert_rules")
      .values({ kind, ...row })
      .onConflict((conflict) => conflict.column("kind").doUpdateSet(row))
      .execute();
    const { updated_at: _updatedAt, ...after } = row;
    await recordOperator(trx, by, {
      action: "setAlertRule",
      outcome: "done",
      change: { before: before ?? null, after: { kind, ...after } },
    });
    return {
      kind,
      threshold: Number(row.threshold),
      unit: ALERT_KINDS[kind].unit,
      cooldownSeconds: row.cooldown_seconds,
      isEnabled: row.is_enabled,
    };
  });
}
