import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { startSpacesEmulator } from "../../src/index.ts";
import { describeBrowser } from "./browser.ts";
import { describeBucketSettings } from "./bucket-settings.ts";
import { describeListing } from "./listing.ts";
import { describeMultipart } from "./multipart.ts";
import { describeObjects } from "./objects.ts";
import { describeOddities } from "./oddities.ts";
import { type OpenStore, openStore } from "./open-store.ts";
import { describeSignatures } from "./signatures.ts";

/** One suite, run unchanged by every S3 server we say we support. */
function describeObjectStore(server: string, open: () => Promise<OpenStore>): void {
  describe(server, () => {
    let opened: OpenStore;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened[Symbol.asyncDispose]());
    const store = (): OpenStore => opened;
    describeObjects(store);
    describeSignatures(store);
    describeListing(store);
    describeMultipart(store);
    describeBrowser(store);
    describeOddities(store);
    describeBucketSettings(store);
  });
}

describeObjectStore("the emulator", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "emulator-"));
  const credentials = { accessKeyId: "EMULATOR", secretAccessKey: randomUUID() };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials] });
  return openStore({
    endpoint: emulator.endpoint,
    credentials,
    stranger: { accessKeyId: "STRANGER", secretAccessKey: randomUUID() },
    async close() {
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  });
});

describeObjectStore("Ceph RADOS Gateway", async () => {
  const described = process.env.TEST_CEPH;
  if (described === undefined)
    throw new Error("TEST_CEPH is not set: the contract project starts the gateway.");
  const { endpoint, other, ...credentials } = JSON.parse(described) as {
    endpoint: string;
    accessKeyId: string;
    secretAccessKey: string;
    other: { accessKeyId: string; secretAccessKey: string };
  };
  return openStore({ endpoint, credentials, stranger: other, close: async () => undefined });
});
