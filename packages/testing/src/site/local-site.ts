import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedDatabase, openLocalSpaces } from "@audiotricks/embedded";
import type { FaultAddress } from "@audiotricks/spaces-emulator/faults";
import { openProviders, prepareBucket } from "@audiotricks/storage";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { CompiledQuery } from "kysely";
import { prepareEmbeddedDatabase } from "../migrated-pglite.ts";
import { type Lane, openLane } from "../network/lane.ts";
import type { Query } from "../truth/audit.ts";
import { ObjectStore } from "../truth/object-store.ts";
import { findDemo } from "./find-demo.ts";
import { LocalCompanion } from "./local-companion.ts";
import { People } from "./people.ts";

/** Everything that uploads need, in this process and on free ports: database, store, companion, and the wires to both. */
export interface LocalSite extends AsyncDisposable {
  companion: LocalCompanion;
  store: ObjectStore;
  people: People;
  query: Query;
  faultAddress: FaultAddress;
  /** What browsers go through; `companionLane.url` is the companion's address to them, and the demo's. */
  companionLane: Lane;
  storeLane: Lane;
  /** Where it keeps everything; removed with it. */
  folder: string;
}

/** @param origins Of pages elsewhere that may use the companion and the store, as `http://localhost:5173`. */
export async function openLocalSite({ origins = [] }: { origins?: string[] } = {}): Promise<LocalSite> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "at-site-"));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  await prepareEmbeddedDatabase(dataDir);
  const { db, close } = await openEmbeddedDatabase(dataDir);
  opened.defer(close);

  const faultToken = randomUUID();
  const loopback = { host: "127.0.0.1", publicHost: "127.0.0.1", port: 0 };
  const local = await openLocalSpaces({ dataDir, ...loopback, faultToken });
  opened.defer(local.close);
  const storePort = Number(new URL(local.provider.endpoint).port);
  const store = new ObjectStore(local.provider);
  opened.defer(() => store.close());
  const storeLane = opened.use(await openLane(storePort));
  const spaces = { ...local.provider, endpoint: storeLane.url };

  const people = new People(db, () => companion.url);
  const companion = opened.use(
    await LocalCompanion.open({
      db,
      providers: await openProviders({ db, spaces }),
      storePort,
      people,
      allowedOrigins: origins,
      pages: pagesOf(people),
    }),
  );
  const companionLane = opened.use(await openLane(Number(new URL(companion.url).port)));
  await prepareBucket(local.provider, { allowedOrigins: [...origins, companionLane.url] });
  const closing = opened.move();
  return {
    companion,
    store,
    people,
    query: async (text, values = []) => (await db.executeQuery<never>(CompiledQuery.raw(text, values))).rows,
    faultAddress: { endpoint: local.provider.endpoint, token: faultToken },
    companionLane,
    storeLane,
    folder: dataDir,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

function pagesOf(people: People): Hono["fetch"] {
  const root = findDemo();
  const pages = new Hono().route("/demo", people.routes);
  pages.use(serveStatic({ root }), serveStatic({ root, path: "index.html" }));
  return pages.fetch;
}
