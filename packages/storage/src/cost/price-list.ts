import type { Price } from "./price.ts";

const GiB = 1024 ** 3;

/** One price everywhere, as the vendor's page has it. */
const spaces: Omit<Price, "region"> = {
  providerName: "digitalocean_spaces",
  from: "2024-01-01",
  until: null,
  source: "https://docs.digitalocean.com/products/spaces/details/pricing/",
  // To be compared with a bill before anybody plans by it.
  checkedOn: null,
  baseFee: 5_000_000,
  storageAllowance: 250 * GiB,
  egressAllowance: 1024 * GiB,
  storagePerGib: 20_000,
  egressPerGib: 10_000,
  cold: { perGib: 7_000, retrievalPerGib: 10_000, minimumDays: 30 },
  minimumObjectSize: 4096,
  readsPerMillion: 0,
  writesPerMillion: 0,
};

const REGIONS = [
  "nyc3",
  "sfo2",
  "sfo3",
  "ams3",
  "sgp1",
  "lon1",
  "fra1",
  "tor1",
  "blr1",
  "syd1",
  "atl1",
] as const;

/** What is known without anybody having said anything; rows of `storage_prices` go before. */
export const PRICE_LIST: readonly Price[] = REGIONS.map((region) => ({ ...spaces, region }));
