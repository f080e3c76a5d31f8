import type { Kysely } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { type Price, requirePrice } from "./price.ts";

/**
 * Writes down what a region costs, from a month on; the same again replaces it.
 *
 * @throws {OperatorError} `invalid_request` for a price that cannot be.
 */
export async function setPrice(db: Kysely<Database>, price: Price, by?: Operator): Promise<void> {
  const { providerName, region, from, until, cold } = requirePrice(price);
  const row = {
    until_month: until,
    source: price.source,
    checked_on: price.checkedOn,
    base_fee: price.baseFee,
    storage_allowance: price.storageAllowance,
    egress_allowance: price.egressAllowance,
    storage_per_gib: price.storagePerGib,
    egress_per_gib: price.egressPerGib,
    cold_per_gib: cold?.perGib ?? null,
    cold_retrieval_per_gib: cold?.retrievalPerGib ?? null,
    cold_minimum_days: cold?.minimumDays ?? null,
    minimum_object_size: price.minimumObjectSize,
    reads_per_million: price.readsPerMillion,
    writes_per_million: price.writesPerMillion,
    updated_at: new Date(),
  };
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("storage_prices")
      .values({ provider_name: providerName, region, from_month: from, ...row })
      .onConflict((conflict) => conflict.columns(["provider_name", "region", "from_month"]).doUpdateSet(row))
      .execute();
    await recordOperator(trx, by, { action: "setPrice", outcome: "done", change: { after: price } });
  });
}
