import { createRecentCalls, type RecentCalls } from "./places/recent-calls.ts";
import type { Providers } from "./providers/open-providers.ts";
import type { Provider } from "./providers/provider.ts";
import type { ProviderLimits } from "./providers/provider-limits.ts";
import { urlOf } from "./s3/bucket-address.ts";
import type { Budgets } from "./s3/create-budgets.ts";
import type { StoreOperation } from "./s3/s3-connection.ts";
import {
  closeS3,
  connectS3,
  type OperationSubject,
  type RequestHandler,
  type S3Connection,
} from "./s3/s3-connection.ts";
import { uriEncodePath } from "./s3/uri-encode.ts";

export interface Store {
  s3: S3Connection;
  limits: ProviderLimits;
  /** Where anyone reads a public object: at the CDN, or at the store where there is none. */
  publicUrlOf: (key: string) => string;
  recentCalls: RecentCalls;
  region: string;
  /** As its health was known to be when its row was last read. */
  isDown: boolean;
}

/** Connections to the buckets, one each, kept while their credentials last. */
export interface Stores {
  of(providerId: string, subject?: OperationSubject): Promise<Store>;
  /** Where new uploads go. */
  findPrimary(): Promise<(Store & { providerId: string }) | undefined>;
  /** The same, for work that no user waits for: its calls come after theirs, and `signal` ends their waiting. */
  forSweep(signal: AbortSignal | undefined): Stores;
  close(): void;
}

/** After this long the row is read again, so that a rotated credential is taken up without a restart. */
const REREAD_AFTER_MS = 15_000;

/** @param options.requestHandler Carries requests to the buckets in the place of HTTP. */
export function createStores(
  providers: Providers,
  record: (operation: StoreOperation) => void,
  { budgetOf, requestHandler }: { budgetOf: Budgets; requestHandler?: RequestHandler | undefined },
): Stores {
  const entries = new Map<string, { readAt: number; provider: Promise<Provider> }>();
  const connections = new Map<string, { s3: S3Connection; recentCalls: RecentCalls }>();

  function read(id: string): Promise<Provider> {
    const known = entries.get(id);
    if (known !== undefined && Date.now() - known.readAt < REREAD_AFTER_MS) return known.provider;
    const provider = providers.get(id);
    const entry = { readAt: Date.now(), provider };
    entries.set(id, entry);
    // A failure is not kept: the next call asks again.
    provider.catch(() => {
      if (entries.get(id) === entry) entries.delete(id);
    });
    return provider;
  }

  function connect(provider: Provider, subject: OperationSubject): Store {
    const { endpoint, bucket, region, forcePathStyle, hasTwoHosts, isPublicOnly } = provider;
    const { credentials, limits, cdnEndpoint } = provider;
    const name = JSON.stringify([
      endpoint,
      bucket,
      region,
      forcePathStyle,
      hasTwoHosts,
      isPublicOnly,
      credentials,
    ]);
    let connection = connections.get(name);
    if (connection === undefined) {
      const { completionLimitMs } = limits;
      const address = { endpoint, bucket, region, forcePathStyle, hasTwoHosts, isPublicOnly };
      const recentCalls = createRecentCalls();
      const s3 = connectS3({
        ...address,
        credentials,
        completionLimitMs,
        budget: budgetOf(address, limits.requestsPerSecond),
        requestHandler,
        record: (operation) => {
          recentCalls.count(operation);
          record(operation);
        },
      });
      connection = { s3, recentCalls };
      connections.set(name, connection);
    }
    const { s3, recentCalls } = connection;
    const { address } = s3;
    const publicUrlOf = (key: string) =>
      cdnEndpoint === undefined ? urlOf(address, key) : `${cdnEndpoint}/${uriEncodePath(key)}`;
    const mine = { ...subject, providerId: provider.id };
    return {
      s3: { ...s3, subject: mine },
      limits,
      publicUrlOf,
      recentCalls,
      region,
      isDown: provider.isDown,
    };
  }

  const stores: Stores = {
    of: async (id, subject = {}) => connect(await read(id), subject),
    findPrimary: async () => {
      const provider = await providers.findPrimary();
      return provider && { ...connect(provider, {}), providerId: provider.id };
    },
    forSweep: (signal) => ({
      ...stores,
      of: async (id, subject) => {
        const store = await stores.of(id, subject);
        return { ...store, s3: { ...store.s3, cause: "sweep", ...(signal === undefined ? {} : { signal }) } };
      },
    }),
    close: () => {
      for (const { s3 } of connections.values()) closeS3(s3);
      connections.clear();
    },
  };
  return stores;
}
