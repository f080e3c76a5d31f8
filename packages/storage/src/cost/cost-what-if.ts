import type { WhatIfQuery, WhatIfResponse } from "@audiotricks/protocol/costs";
import type { Kysely } from "kysely";
import { createClock } from "../clock.ts";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { readNow } from "./bill-of-month.ts";
import { toPlace } from "./describe-costs.ts";
import { findPrices } from "./find-prices.ts";
import { monthOf } from "./month.ts";
import { priceOf } from "./price.ts";
import { readMovable } from "./read-movable.ts";
import { whatIf } from "./what-if.ts";

/** What it would cost if such files were cold. Moves nothing. */
export async function whatIfCold(
  context: Pick<StorageContext, "db" | "clock">,
  rule: WhatIfQuery,
): Promise<WhatIfResponse> {
  const { db } = context;
  const month = monthOf(await readNow(context));
  const prices = await findPrices(db);
  const rows = await db
    .selectFrom("storage_providers")
    .select(["id", "provider_name as providerName", "region", "bucket_name as bucket"])
    .orderBy("id")
    .execute();
  const places = rows.map((row) => ({ ...row, price: priceOf(prices, { ...row, month: month.name }) }));
  const known = (await readMovable(context, rule, places)).flatMap((movable) => {
    const outcome = whatIf(movable, prices, month);
    return outcome === undefined ? [] : [{ place: movable.provider, outcome }];
  });
  return {
    month: month.name,
    currency: "USD",
    providers: known.map(({ place, outcome }) => ({
      ...toPlace(place),
      files: outcome.files,
      movedBytes: Number(outcome.movedBytes),
      beforeMicros: Number(outcome.before),
      afterMicros: Number(outcome.after),
      retrievalMicros: Number(outcome.retrieval),
      remainderMicros: Number(outcome.remainder),
      movingMicros: Number(outcome.moving),
    })),
    savedMicros: Number(known.reduce((sum, { outcome }) => sum + outcome.before - outcome.after, 0n)),
    unknown: places
      .filter(({ price }) => price?.cold == null)
      .map(({ price, ...place }) => ({
        ...toPlace(place),
        reason: price === undefined ? ("no_price" as const) : ("no_cold_storage" as const),
      })),
  };
}

/** The same for whoever has the database. */
export function whatIfColdOf(db: Kysely<Database>, rule: WhatIfQuery): Promise<WhatIfResponse> {
  return whatIfCold({ db, clock: createClock() }, rule);
}
