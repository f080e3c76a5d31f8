import type { Storage } from "../../src/index.ts";
import { openTestStorage, type TestStore } from "../test-storage.ts";
import type { Arena } from "./race.ts";

export interface OpenArena extends Arena, AsyncDisposable {
  sweeper: Storage;
}

/** Three servers on a database and a bucket of their own, and one that leaves nothing lying for a while. */
export async function openArena(store: TestStore): Promise<OpenArena> {
  const on = await openTestStorage(store);
  const servers = [on.storage, await on.openAnother(), await on.openAnother()];
  const sweeper = await on.openAnother({ settings: { leftoverGraceMs: 0 } });
  return {
    db: on.db,
    bucket: on.bucket,
    servers,
    sweeper,
    [Symbol.asyncDispose]: () => on[Symbol.asyncDispose](),
  };
}
