import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCephGateway } from "@audiotricks/testing/ceph";
import { freePort } from "@audiotricks/testing/free-port";
import { openLane } from "@audiotricks/testing/lane";
import { ObjectStore } from "@audiotricks/testing/object-store";
import { startPostgres } from "@audiotricks/testing/postgres";
import pg from "pg";
import { ServerProcess } from "./server-process.ts";
import { QUOTA_BYTES, type Stack } from "./stack.ts";

const BUCKET = "e2e";

/** As in production: a PostgreSQL server, and Ceph RADOS Gateway, which Spaces is made of. */
export async function openCephStack(): Promise<Stack> {
  await using stack = new AsyncDisposableStack();
  const [ceph, postgres] = await Promise.all([startCephGateway(), startPostgres()]);
  stack.use(ceph);
  stack.use(postgres);
  const dataDir = await mkdtemp(join(tmpdir(), "at-data-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));

  const [port, guestPort] = [await freePort(), await freePort()];
  const server = stack.use(
    new ServerProcess(port, {
      DATABASE_URL: postgres.url,
      // Browsers also find the bucket's own name there, Node does not.
      SPACES_ENDPOINT: ceph.endpoint.replace("127.0.0.1", "localhost"),
      SPACES_TWO_HOSTS: "true",
      SPACES_REGION: ceph.region,
      SPACES_BUCKET: BUCKET,
      SPACES_KEY: ceph.accessKeyId,
      SPACES_SECRET: ceph.secretAccessKey,
      SPACES_FORCE_PATH_STYLE: "true",
      SPACES_PREPARE: "true",
      DATA_DIR: dataDir,
      DEFAULT_USER_QUOTA_BYTES: String(QUOTA_BYTES),
      ALLOWED_ORIGINS: `http://127.0.0.1:${guestPort}`,
    }),
  );
  await server.start();
  const pool = new pg.Pool({ connectionString: postgres.url, max: 3 });
  stack.defer(() => pool.end());
  const store = new ObjectStore({ ...ceph, bucket: BUCKET });
  stack.defer(() => store.close());
  const serverLane = stack.use(await openLane(port));
  const storeLane = stack.use(await openLane(Number(new URL(ceph.endpoint).port)));
  const opened = stack.move();
  return {
    name: "ceph",
    server,
    store,
    serverLane,
    storeLane,
    guestPort,
    faultAddress: undefined,
    query: async (text, values) => (await pool.query(text, values)).rows,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
