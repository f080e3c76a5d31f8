import type { Kysely } from "kysely";
import type { Cdn } from "./cdn/cdn.ts";
import type { AwayStores } from "./checks/away-stores.ts";
import type { Clock } from "./clock.ts";
import type { Database } from "./database.ts";
import type { BatchCounter } from "./files/batch-counter.ts";
import type { OperationsLog } from "./operations-log.ts";
import type { Scanning } from "./scan/scanner.ts";
import type { StorageSettings } from "./settings.ts";
import type { SoundInspector } from "./sound/sound-inspector.ts";
import type { Stores } from "./stores.ts";
import type { HeldLeases } from "./uploads/held-leases.ts";

/** What every operation of this package works with. */
export interface StorageContext {
  db: Kysely<Database>;
  stores: Stores;
  clock: Clock;
  settings: StorageSettings;
  log: Pick<OperationsLog, "recordUpload">;
  accesses: BatchCounter;
  shareUses: BatchCounter;
  leases: HeldLeases;
  /** `undefined`: nobody purges from here. */
  cdn: Cdn | undefined;
  inspector: SoundInspector;
  awayStores: AwayStores;
  /** `undefined`: nobody scans files from here. */
  scanning: Scanning | undefined;
  /** Told of failures that no caller waits for. */
  onError: (error: unknown) => void;
}
