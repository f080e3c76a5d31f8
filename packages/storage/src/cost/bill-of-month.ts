import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";
import { type Bill, billMonth } from "./bill.ts";
import { findPrices, type KnownPrice } from "./find-prices.ts";
import { type Month, monthOf, readMonth } from "./month.ts";
import { priceOf } from "./price.ts";
import { type MonthUse, readUse } from "./read-use.ts";
import type { PricedProvider } from "./use.ts";

/** A bucket, and what is asked for it in the month. */
export interface BilledProvider extends PricedProvider {
  bucket: string;
  price: KnownPrice | undefined;
}

export interface MonthBill extends Bill {
  month: Month;
  use: MonthUse;
  providers: BilledProvider[];
  prices: readonly KnownPrice[];
}

/** @param name `undefined`: the month that it is. @throws {UploadError} `invalid_request` */
export async function billOfMonth(
  context: Pick<StorageContext, "db" | "clock">,
  name: string | undefined,
): Promise<MonthBill> {
  const month = name === undefined ? monthOf(await readNow(context)) : readMonth(name);
  const prices = await findPrices(context.db);
  const rows = await context.db
    .selectFrom("storage_providers")
    .select(["id", "provider_name as providerName", "region", "bucket_name as bucket"])
    .orderBy("id")
    .execute();
  const providers = rows.map((row) => ({ ...row, price: priceOf(prices, { ...row, month: month.name }) }));
  const coldDays = new Map(providers.map(({ id, price }) => [id, price?.cold?.minimumDays ?? 0]));
  const use = await readUse(context, month, coldDays);
  const bill = billMonth(use, providers, prices, { ...month, hoursPassed: use.hours.passed });
  return { ...bill, month, use, providers, prices };
}

export async function readNow({ db, clock }: Pick<StorageContext, "db" | "clock">): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT ${clock.now()} AS now`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("the database did not say what time it is");
  return row.now;
}
