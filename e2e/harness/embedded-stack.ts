import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@audiotricks/testing/free-port";
import { openLane } from "@audiotricks/testing/lane";
import { prepareEmbeddedDatabase } from "@audiotricks/testing/migrated-pglite";
import { ObjectStore } from "@audiotricks/testing/object-store";
import { ServerProcess } from "./server-process.ts";
import { QUOTA_BYTES, type Stack } from "./stack.ts";

/** What `npm start` runs: PGlite and the emulator inside the server. */
export async function openEmbeddedStack(): Promise<Stack> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "at-data-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  await prepareEmbeddedDatabase(dataDir);
  const [port, emulatorPort, guestPort] = [await freePort(), await freePort(), await freePort()];
  const faultAddress = { endpoint: `http://127.0.0.1:${emulatorPort}`, token: randomUUID() };
  const server = stack.use(
    new ServerProcess(port, {
      EMULATOR_PORT: String(emulatorPort),
      EMULATOR_FAULT_TOKEN: faultAddress.token,
      DATA_DIR: dataDir,
      DEFAULT_USER_QUOTA_BYTES: String(QUOTA_BYTES),
      ALLOWED_ORIGINS: `http://127.0.0.1:${guestPort}`,
    }),
  );
  await server.start();
  const store = new ObjectStore({
    endpoint: faultAddress.endpoint,
    region: "us-east-1",
    bucket: "audiotricks-local",
    accessKeyId: "local",
    secretAccessKey: (await readFile(join(dataDir, "secrets", "spaces-secret-key"), "utf8")).trim(),
  });
  stack.defer(() => store.close());
  const serverLane = stack.use(await openLane(port));
  const storeLane = stack.use(await openLane(emulatorPort));
  const opened = stack.move();
  return {
    name: "embedded",
    server,
    store,
    serverLane,
    storeLane,
    guestPort,
    faultAddress,
    query: undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
