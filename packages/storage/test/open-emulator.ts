import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import type { TestStore } from "./test-storage.ts";

/** A local Spaces on a free port, its data gone when closed. */
export async function openEmulator(): Promise<TestStore & { close(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "at-storage-"));
  const credentials = { accessKeyId: "TESTKEY", secretAccessKey: "testsecret" };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials] });
  return {
    endpoint: emulator.endpoint,
    region: "us-east-1",
    ...credentials,
    close: async () => {
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
