import type { Kysely } from "kysely";
import type { Database } from "../database.ts";
import { parseKeyring } from "./keyring.ts";
import { getProvider, type Provider } from "./provider.ts";
import { registerSpacesProvider, type SpacesProvider } from "./spaces-provider.ts";

/** The providers of one deployment, by the ids that its files carry. */
export interface Providers {
  /** Reads the row every time, so that a rotated credential is found. Throws as `getProvider`. */
  get(id: string): Promise<Provider>;
  /** The one that new uploads go to; `undefined` while none is set up. */
  findPrimary(): Promise<Provider | undefined>;
}

/**
 * The providers in the table, and the bucket in `spaces`, which becomes the primary one, unless an operator has made another so since it
 * was first named: new uploads go there, files elsewhere stay readable. Without it the table's own primary row counts.
 *
 * @param options.given A bucket whose credentials are at hand, where the table is to stay as it is.
 * @param options.encryptionKey A keyring, as `parseKeyring` takes it, for rows whose secret is sealed.
 * @param options.allowInternalEndpoints Lets rows name plain HTTP and internal addresses, for a gateway of one's own.
 * @throws {UploadError} `no_provider`, naming the setting and the mend.
 */
export async function openProviders(options: {
  db: Kysely<Database>;
  spaces?: SpacesProvider | undefined;
  given?: SpacesProvider | undefined;
  encryptionKey?: string | undefined;
  allowInternalEndpoints?: boolean;
}): Promise<Providers> {
  const { db, spaces } = options;
  const keyring = options.encryptionKey ? parseKeyring(options.encryptionKey) : undefined;
  if (spaces !== undefined) await registerSpacesProvider(db, spaces);
  const secrets = {
    spaces: spaces ?? options.given,
    keyring,
    allowInternalEndpoints: options.allowInternalEndpoints === true,
  };
  return {
    get: (id) => getProvider(db, id, secrets),
    findPrimary: async () => {
      const row = await db
        .selectFrom("storage_providers")
        .select("id")
        .where("is_primary", "=", true)
        .where("is_active", "=", true)
        .executeTakeFirst();
      return row === undefined ? undefined : getProvider(db, row.id, secrets);
    },
  };
}
