import type { Caller } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { type Tenant, tenantOf } from "./tenant.ts";

/** What an operation works with that somebody asked for: the database only by way of what they may reach. */
export interface CallerContext<Asking extends Caller = Caller> extends Omit<StorageContext, "db"> {
  caller: Asking;
  tenant: Tenant;
  /** For what follows from rows that the tenant gave out. Not to be used with an id that came with the request. */
  work: StorageContext;
}

export function callerContext<Asking extends Caller>(
  context: StorageContext,
  caller: Asking,
): CallerContext<Asking> {
  const { db, ...rest } = context;
  return { ...rest, caller, tenant: tenantOf(db, caller), work: context };
}
