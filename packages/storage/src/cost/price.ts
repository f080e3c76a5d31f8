import { OperatorError } from "../operator/operator-error.ts";

/** Dollars are counted in whole millionths, so that sums are exact. */
export type Micros = bigint;

/**
 * What a vendor asks in one region for as long as it holds, from the first of a month to the first of a later one. Sizes are bytes, a GiB is
 * 1024³ of them, prices millionths of a dollar.
 */
export interface Price {
  /** As `storage_providers.provider_name` has it. */
  providerName: string;
  region: string;
  /** First day that it holds, a first of a month: `2026-11-01`. */
  from: string;
  /** First day that it holds no more; `null`: until further notice. */
  until: string | null;
  /** The vendor's page. */
  source: string;
  /** When a person last compared it with its source; `null`: nobody has. */
  checkedOn: string | null;
  /** A month, of everything at this vendor together, with what it includes. */
  baseFee: number;
  storageAllowance: number;
  egressAllowance: number;
  /** A GiB held for a month. */
  storagePerGib: number;
  egressPerGib: number;
  /** `null`: nothing there is cold. */
  cold: ColdPrice | null;
  /** Objects below this are paid for as if they had it. */
  minimumObjectSize: number;
  /** A million requests that read, and that write. */
  readsPerMillion: number;
  writesPerMillion: number;
}

export interface ColdPrice {
  perGib: number;
  retrievalPerGib: number;
  /** What goes before is paid for until then. */
  minimumDays: number;
}

/**
 * The first that is for this place and month.
 *
 * @param prices Those that go before others first.
 * @param place.month `2026-11`.
 * @returns `undefined`: nobody knows what it costs there, which is not nothing.
 */
export function priceOf<Known extends Price>(
  prices: readonly Known[],
  { providerName, region, month }: { providerName: string; region: string; month: string },
): Known | undefined {
  const day = `${month}-01`;
  return prices.find(
    (price) =>
      price.providerName === providerName &&
      price.region === region &&
      price.from <= day &&
      (price.until === null || day < price.until),
  );
}

const AMOUNTS = [
  "baseFee",
  "storageAllowance",
  "egressAllowance",
  "storagePerGib",
  "egressPerGib",
  "minimumObjectSize",
  "readsPerMillion",
  "writesPerMillion",
] as const;

/** @throws {OperatorError} `invalid_request`, naming the field that cannot be. */
export function requirePrice(price: Price): Price {
  const { from, until, source, checkedOn, cold, region } = price;
  const problem =
    [
      [/^[a-z0-9][a-z0-9-]{0,62}$/.test(region), "A region is a name such as nyc3."],
      [isFirstOfMonth(from), "A price holds from the first of a month, such as 2026-11-01."],
      [
        until === null || (isFirstOfMonth(until) && until > from),
        "A price holds until the first of a later month, or until further notice.",
      ],
      [URL.canParse(source) && source.startsWith("https://"), "The source is the vendor's page, by https."],
      [checkedOn === null || isDay(checkedOn), "The day of the check is one such as 2026-11-30."],
    ].find(([isRight]) => isRight === false)?.[1] ??
    [...AMOUNTS.map((name) => [name, price[name]] as const), ...Object.entries(cold ?? {})]
      .filter(([, amount]) => !Number.isSafeInteger(amount) || amount < 0)
      .map(([name]) => `${name} must be a whole number from 0.`)[0];
  if (problem !== undefined) throw new OperatorError("invalid_request", String(problem));
  return price;
}

function isFirstOfMonth(text: string): boolean {
  return isDay(text) && text.endsWith("-01");
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00Z`));
}
