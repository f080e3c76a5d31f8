import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { FaultKit } from "@audiotricks/spaces-emulator/faults";
import { startCephGateway } from "@audiotricks/testing/ceph";
import { makeTrouble } from "./trouble.ts";

export type StoreKind = "emulator" | "ceph";

/** The files' store and that of their copies. */
export interface DrillStores extends AsyncDisposable {
  files: DrillStore;
  copies: DrillStore;
  /** From now on both fail now and then. */
  trouble(): Promise<void>;
  /** @returns How many requests were struck. */
  heal(): Promise<number>;
}

export interface DrillStore {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export function openStores(kind: StoreKind): Promise<DrillStores> {
  return kind === "ceph" ? openOnCeph() : openEmulators();
}

async function openEmulators(): Promise<DrillStores> {
  const directory = await mkdtemp(join(tmpdir(), "at-drill-"));
  const open = async (name: string, seed: number) => {
    const kit = new FaultKit({ seed });
    const credentials = {
      accessKeyId: `DRILL${name.toUpperCase()}`,
      secretAccessKey: `secret-of-the-${name}`,
    };
    const emulator = await startSpacesEmulator({
      port: 0,
      dataDir: join(directory, name),
      credentials: [credentials],
      faults: kit,
    });
    return { kit, emulator, store: { endpoint: emulator.endpoint, region: "us-east-1", ...credentials } };
  };
  const [files, copies] = [await open("files", 1), await open("copies", 2)];
  const both = [files, copies];
  return {
    files: files.store,
    copies: copies.store,
    trouble: async () => {
      for (const { kit } of both) await makeTrouble(kit);
    },
    heal: async () => {
      let struck = 0;
      for (const { kit } of both) {
        struck += (await kit.log()).length;
        await kit.heal();
      }
      return struck;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { emulator } of both) await emulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** One gateway for both: its trouble is that it is killed, and comes back. */
async function openOnCeph(): Promise<DrillStores> {
  const gateway = await startCephGateway();
  const { endpoint, region, accessKeyId, secretAccessKey } = gateway;
  const store = { endpoint, region, accessKeyId, secretAccessKey };
  let kills = 0;
  let timer: NodeJS.Timeout | undefined;
  let killing: Promise<void> = Promise.resolve();
  async function kill(): Promise<void> {
    const pid = await gateway.gatewayPid();
    if (pid === undefined) return;
    process.kill(pid, "SIGKILL");
    kills++;
    await gateway.restartGateway();
  }
  return {
    files: store,
    copies: store,
    trouble: async () => {
      timer = setInterval(() => {
        killing = killing.then(kill, kill);
      }, 4_000);
    },
    heal: async () => {
      clearInterval(timer);
      await killing.catch(() => undefined);
      return kills;
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await killing.catch(() => undefined);
      await gateway.stop();
    },
  };
}
