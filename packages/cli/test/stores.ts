import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import type { FaultKit } from "@audiotricks/spaces-emulator/faults";
import { startCephGateway } from "@audiotricks/testing/ceph";

/** An S3 server with a key that may make buckets, and a stranger's. */
export interface TestStore extends AsyncDisposable {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  other: { accessKeyId: string; secretAccessKey: string };
}

export async function openEmulator({ faults }: { faults?: FaultKit } = {}): Promise<TestStore> {
  const dataDir = await mkdtemp(join(tmpdir(), "at-cli-"));
  const own = { accessKeyId: "TESTKEY", secretAccessKey: "testsecret-of-the-emulator" };
  const other = { accessKeyId: "OTHERKEY", secretAccessKey: "othersecret-of-the-emulator" };
  const emulator = await startSpacesEmulator({
    port: 0,
    dataDir,
    credentials: [own, other],
    ...(faults && { faults }),
  });
  return {
    endpoint: emulator.endpoint,
    region: "us-east-1",
    ...own,
    other,
    [Symbol.asyncDispose]: async () => {
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export const STORES: readonly (readonly [string, () => Promise<TestStore>])[] = [
  ["the emulator", () => openEmulator()],
  ["Ceph", startCephGateway],
];
