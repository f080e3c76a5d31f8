import type { FaultAddress } from "@audiotricks/spaces-emulator/faults";
import type { Query } from "@audiotricks/testing/audit";
import type { Lane } from "@audiotricks/testing/lane";
import type { ObjectStore } from "@audiotricks/testing/object-store";
import type { ServerProcess } from "./server-process.ts";

export type StackName = "embedded" | "ceph";

/** Everything one test runs against: the server, what it stands on, and the wires that lead the browser there. */
export interface Stack extends AsyncDisposable {
  name: StackName;
  server: ServerProcess;
  store: ObjectStore;
  /** Between browser and server, between browser and store. */
  serverLane: Lane;
  storeLane: Lane;
  /** Loopback port of another site, whose pages may use this server. */
  guestPort: number;
  /** Where the store is made to fail; `undefined` where it is not ours. */
  faultAddress: FaultAddress | undefined;
  /** The server's database; `undefined` where it lives inside the server. */
  query: Query | undefined;
}

/** What users may hold unless a test says otherwise; never near. */
export const QUOTA_BYTES = 20 * 1024 ** 3;
