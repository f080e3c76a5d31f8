import { type Kysely, sql } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { OperatorError } from "../operator/operator-error.ts";
import { type Month, readMonth } from "./month.ts";

/** What a vendor's own bill says of a month: of everything there. Millionths of a dollar; bytes. */
export interface Actual {
  providerName: string;
  totalMicros: number | null;
  egressBytes: number | null;
}

export async function findActuals(db: Kysely<Database>, month: Month): Promise<Actual[]> {
  const rows = await db
    .selectFrom("storage_cost_actuals")
    .select(["provider_name as providerName", "total", "egress_bytes as egressBytes"])
    .where("month", "=", sql<Date>`${`${month.name}-01`}::date`)
    .orderBy("provider_name")
    .execute();
  return rows.map(({ providerName, total, egressBytes }) => ({
    providerName,
    totalMicros: total === null ? null : Number(total),
    egressBytes: egressBytes === null ? null : Number(egressBytes),
  }));
}

const VENDORS = ["digitalocean_spaces", "s3", "gcs", "azure_blob"];

/**
 * Writes down what the vendor's bill says; the same again replaces what is given, and keeps what is not.
 *
 * @throws {OperatorError} `invalid_request`: there is nothing to write down, or no such vendor.
 */
export async function setActual(
  db: Kysely<Database>,
  actual: {
    month: string;
    providerName: string;
    totalMicros?: number | undefined;
    egressBytes?: number | undefined;
  },
  by?: Operator,
): Promise<void> {
  const { providerName, totalMicros, egressBytes } = actual;
  const month = readMonth(actual.month);
  if (!VENDORS.includes(providerName))
    throw new OperatorError("invalid_request", `A vendor is one of ${VENDORS.join(", ")}.`);
  if (totalMicros === undefined && egressBytes === undefined)
    throw new OperatorError("invalid_request", "Say what the bill has: its total, what went out, or both.");
  const change = {
    ...(totalMicros === undefined ? {} : { total: totalMicros }),
    ...(egressBytes === undefined ? {} : { egress_bytes: egressBytes }),
    entered_at: new Date(),
  };
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("storage_cost_actuals")
      .values({ month: sql<Date>`${`${month.name}-01`}::date`, provider_name: providerName, ...change })
      .onConflict((conflict) => conflict.columns(["month", "provider_name"]).doUpdateSet(change))
      .execute();
    await recordOperator(trx, by, { action: "setActualCost", outcome: "done", change: { after: actual } });
  });
}
