import type { CostsQuery, CostsResponse } from "@audiotricks/protocol/costs";
import type { Kysely } from "kysely";
import { createClock } from "../clock.ts";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { findActuals } from "./actuals.ts";
import { billOfMonth } from "./bill-of-month.ts";
import { describeCosts } from "./describe-costs.ts";

/** What a month costs so far. @throws {UploadError} `invalid_request` */
export async function reportCosts(
  context: Pick<StorageContext, "db" | "clock">,
  query: CostsQuery,
): Promise<CostsResponse> {
  const bill = await billOfMonth(context, query.month);
  return describeCosts(bill, query, await findActuals(context.db, bill.month));
}

/** The same for whoever has the database. */
export function reportCostsOf(db: Kysely<Database>, query: CostsQuery): Promise<CostsResponse> {
  return reportCosts({ db, clock: createClock() }, query);
}
