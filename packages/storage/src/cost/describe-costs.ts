import type { CostParts, CostsQuery, CostsResponse, Payer } from "@audiotricks/protocol/costs";
import type { Actual } from "./actuals.ts";
import type { BilledProvider, MonthBill } from "./bill-of-month.ts";
import type { Charge } from "./charge.ts";
import type { ByteKind } from "./use.ts";

/** A bill as it is told: every sum is one of its charges, so that they agree. */
export function describeCosts(
  bill: MonthBill,
  { workspaceId, providerId, limit }: CostsQuery,
  actuals: readonly Actual[],
): CostsResponse {
  const { month, use } = bill;
  const asked = bill.charges.filter(
    (charge) =>
      (providerId === undefined || charge.providerId === providerId) &&
      (workspaceId === undefined || (charge.payer.scope === "workspace" && charge.payer.id === workspaceId)),
  );
  const isAsked = ({ id }: BilledProvider) => providerId === undefined || id === providerId;
  const ofWorkspace = (row: { workspaceId: string | null }) =>
    workspaceId === undefined || row.workspaceId === workspaceId;
  const average = (id: string) =>
    averageBytes(
      use.storage.filter((row) => row.providerId === id && ofWorkspace(row)),
      use.hours.passed,
    );
  const egress = (ids: readonly string[]) =>
    Number(
      use.traffic
        .filter((row) => ids.includes(row.providerId) && ofWorkspace(row))
        .reduce((sum, { egressBytes }) => sum + egressBytes, 0n),
    );
  const payers = describePayers(asked);
  return {
    month: month.name,
    currency: "USD",
    hours: { inMonth: month.hours, ...use.hours },
    totalMicros: sum(asked),
    providers: bill.providers.filter(isAsked).flatMap(({ price, id, ...place }) => {
      if (price === undefined) return [];
      const charges = asked.filter((charge) => charge.providerId === id);
      const invisible = (kind: ByteKind) =>
        sum(charges.filter((charge) => charge.kind === kind && charge.part === "storage"));
      return [
        {
          ...toPlace({ id, ...place }),
          totalMicros: sum(charges),
          parts: partsOf(charges),
          invisibleMicros: {
            incompleteParts: invisible("incomplete_parts"),
            oldVersions: invisible("old_versions"),
            orphans: invisible("orphans"),
            copies: invisible("copies"),
          },
          averageBytes: average(id),
          egressBytes: egress([id]),
          price: { source: price.source, checkedOn: price.checkedOn, isOwn: price.isOwn },
        },
      ];
    }),
    unpriced: bill.providers
      .filter((provider) => provider.price === undefined && isAsked(provider))
      .map((provider) => ({
        ...toPlace(provider),
        averageBytes: average(provider.id),
        egressBytes: egress([provider.id]),
      })),
    payers: payers.slice(0, limit),
    otherPayersMicros: payers.slice(limit).reduce((all, { totalMicros }) => all + totalMicros, 0),
    actuals: actuals.map((actual) => {
      const ids = bill.providers
        .filter(({ providerName }) => providerName === actual.providerName)
        .map(({ id }) => id);
      return {
        ...actual,
        estimatedMicros: sum(bill.charges.filter((charge) => ids.includes(charge.providerId))),
        estimatedEgressBytes: Number(
          use.traffic
            .filter((row) => ids.includes(row.providerId))
            .reduce((all, { egressBytes }) => all + egressBytes, 0n),
        ),
      };
    }),
  };
}

export function toPlace({ id, providerName, region, bucket }: Omit<BilledProvider, "price">) {
  return { providerId: id, providerName, region, bucket };
}

export function sum(charges: readonly Charge[]): number {
  return Number(charges.reduce((all, { micros }) => all + micros, 0n));
}

function partsOf(charges: readonly Charge[]): CostParts {
  const of = (part: Charge["part"]) => sum(charges.filter((charge) => charge.part === part));
  return {
    base: of("base"),
    storage: of("storage"),
    cold: of("cold"),
    egress: of("egress"),
    retrieval: of("retrieval"),
    requests: of("requests"),
  };
}

/** The dearest first. */
function describePayers(charges: readonly Charge[]): CostsResponse["payers"] {
  const nameOf = (payer: Payer) => (payer.scope === "workspace" ? payer.id : payer.scope);
  return [...Map.groupBy(charges, ({ payer }) => nameOf(payer))]
    .flatMap(([name, some]) => {
      const [first] = some;
      return first === undefined
        ? []
        : [{ name, payer: first.payer, totalMicros: sum(some), parts: partsOf(some) }];
    })
    .toSorted((a, b) => b.totalMicros - a.totalMicros || (a.name < b.name ? -1 : 1))
    .map(({ name: _name, ...payer }) => payer);
}

function averageBytes(rows: readonly { byteHours: bigint }[], hours: number): number {
  const byteHours = rows.reduce((all, row) => all + row.byteHours, 0n);
  return hours === 0 ? 0 : Number(byteHours / BigInt(hours));
}
