import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { FaultKit } from "@audiotricks/spaces-emulator/faults";
import { startCephGateway } from "@audiotricks/testing/ceph";

/** The S3 server of a run. */
export interface Store extends AsyncDisposable {
  name: string;
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  /** Absent where the store is no process of its own. */
  process?: {
    /** SIGKILL, and whether there was something to kill. */
    kill(): Promise<boolean>;
    restart(): Promise<void>;
  };
  /** It takes no more bytes, until it is emptied. */
  fill(): Promise<void>;
  makeRoom(): Promise<void>;
}

const BUCKET = "chaos";

/** Seconds that Ceph keeps a completion for whoever began it; 600 by default, and longer than a run. */
export const CEPH_COMPLETION_LOCK = 10;

export async function startCeph(): Promise<Store> {
  const gateway = await startCephGateway({
    settings: {
      rgw_mp_lock_max_time: CEPH_COMPLETION_LOCK,
      rgw_bucket_quota_ttl: 1,
      // How long the gateway that was killed is still told of changes, and waited for.
      osd_client_watch_timeout: 3,
      osd_default_notify_timeout: 3,
    },
  });
  const { endpoint, region, accessKeyId, secretAccessKey } = gateway;
  const quota = (...words: string[]) =>
    gateway.admin("quota", ...words, "--quota-scope=bucket", "--uid=main", `--bucket=${BUCKET}`);
  return {
    name: "Ceph RADOS Gateway",
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    bucket: BUCKET,
    process: {
      kill: async () => {
        const pid = await gateway.gatewayPid();
        if (pid === undefined) return false;
        process.kill(pid, "SIGKILL");
        return true;
      },
      restart: () => gateway.restartGateway(),
    },
    fill: async () => {
      await quota("set", "--max-size=4096");
      await quota("enable");
    },
    makeRoom: () => quota("disable"),
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

/** The local store, full as a disk is (ENOSPC) and as unsteady as its fault kit can make it. */
export async function startEmulator(seed: number): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), "at-chaos-"));
  const faults = new FaultKit({ seed });
  const credentials = { accessKeyId: "CHAOSKEY", secretAccessKey: "secret-of-the-chaos-store" };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials], faults });
  return {
    name: "local store",
    endpoint: emulator.endpoint,
    region: "us-east-1",
    ...credentials,
    bucket: BUCKET,
    fill: async () => {
      await faults.inject({ fault: "store-full" });
    },
    makeRoom: () => faults.heal(),
    [Symbol.asyncDispose]: async () => {
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
