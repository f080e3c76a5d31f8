import type { Micros, Price } from "./price.ts";
import type { ByteKind, Payer, PricedProvider } from "./use.ts";

export type ChargePart = "base" | "storage" | "cold" | "egress" | "retrieval" | "requests";

/** The least piece of a bill. All sums of a report are sums of these, so that they agree to the last millionth. */
export interface Charge {
  providerId: string;
  payer: Payer;
  part: ChargePart;
  /** Of storage; `null` for what no bytes lie for. */
  kind: ByteKind | null;
  micros: Micros;
}

/** A bucket whose price is known. */
export interface Place {
  provider: PricedProvider;
  price: Price;
}
