import { createStorage, openProviders, type Storage } from "@audiotricks/storage";
import type { Site } from "./command.ts";

/** The rows as they are: the servers' own bucket is theirs to register. The caller closes it. */
export async function openStorage({ db, settings }: Pick<Site, "db" | "settings">): Promise<Storage> {
  const { encryptionKey, allowInternalEndpoints, spaces } = settings;
  const providers = await openProviders({ db, given: spaces, encryptionKey, allowInternalEndpoints });
  return createStorage({ db, providers });
}
