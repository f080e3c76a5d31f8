import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type SpacesEmulator, startSpacesEmulator } from "@audiotricks/spaces-emulator";
import type { Database } from "@audiotricks/storage";
import { createEmptyDatabase, type TestDatabase } from "@audiotricks/testing/database";
import { SignJWT } from "jose";
import {
  refusedStart,
  type ServerProcess,
  startServerProcess,
  temporaryDirectory,
} from "../server-process.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";

export type Release = "previous" | "present";

export interface ReleaseServer extends ServerProcess {
  release: Release;
  isStopping: boolean;
}

/** One database, one bucket and one receiver of events, with servers of two releases. */
export interface TwoReleases extends AsyncDisposable {
  database: TestDatabase<Database>;
  /** What all of its servers are told. */
  env: Record<string, string>;
  store: SpacesEmulator;
  receiver: EventReceiver;
  /** That take requests. */
  running: ReleaseServer[];
  /** Each server that there was, in the order of their starts. */
  all: ReleaseServer[];
  start(release: Release): Promise<ReleaseServer>;
  /** One that is to refuse: what it says. */
  refusedStart(release: Release): Promise<string>;
  /** As systemd does it, and until it is gone. */
  stop(server: ReleaseServer): Promise<void>;
}

const JWT = { JWT_ISSUER: "https://issuer.example", JWT_AUDIENCE: "uploads", JWT_SECRET: "s".repeat(40) };
const CREDENTIALS = { accessKeyId: "key", secretAccessKey: "secret-of-the-store" };
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const BUCKET = "audio";

export async function openTwoReleases(): Promise<TwoReleases> {
  const previous = previousMain();
  await using opening = new AsyncDisposableStack();
  const directory = opening.use(temporaryDirectory());
  mkdirSync(join(directory.path, "store"));
  const database = opening.use(await createEmptyDatabase<Database>());
  const receiver = opening.use(await startEventReceiver());
  const store = opening.use(
    await startSpacesEmulator({
      port: 0,
      dataDir: join(directory.path, "store"),
      credentials: [CREDENTIALS],
    }),
  );
  const env = {
    ...JWT,
    DATABASE_URL: database.url,
    SPACES_ENDPOINT: store.endpoint,
    SPACES_REGION: "us-east-1",
    SPACES_BUCKET: BUCKET,
    SPACES_KEY: CREDENTIALS.accessKeyId,
    SPACES_SECRET: CREDENTIALS.secretAccessKey,
    SPACES_PREPARE: "true",
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET,
    WEBHOOK_ALLOW_HTTP: "true",
    LOG_LEVEL: "debug",
  };
  const all: ReleaseServer[] = [];
  const running: ReleaseServer[] = [];
  opening.defer(async () => {
    await Promise.all(all.map((server) => server[Symbol.asyncDispose]()));
  });
  const mainOf = (release: Release) => (release === "previous" ? { main: previous } : {});
  const newDataDir = () => join(directory.path, randomUUID());
  const open = opening.move();
  return {
    database,
    env,
    store,
    receiver,
    running,
    all,
    refusedStart: async (release) =>
      (await refusedStart({ ...env, DATA_DIR: newDataDir() }, mainOf(release))).output,
    start: async (release) => {
      const process = await startServerProcess({ ...env, DATA_DIR: newDataDir() }, mainOf(release));
      const server: ReleaseServer = Object.assign(process, { release, isStopping: false });
      all.push(server);
      running.push(server);
      return server;
    },
    stop: async (server) => {
      server.isStopping = true;
      running.splice(running.indexOf(server), 1);
      server.kill("SIGTERM");
      const end = await server.ended;
      if (end !== 0) throw new Error(`The ${server.release} server ended with ${end}:\n${server.output()}`);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** @throws {Error} Where the release before this one was not prepared, which is a fault and no reason to leave it out. */
function previousMain(): string {
  const folder = process.env.PREVIOUS_RELEASE;
  if (folder === undefined)
    throw new Error(
      "PREVIOUS_RELEASE is not set: these tests are run by `npm run upgrade`, which prepares it.",
    );
  return join(folder, "apps/server/src/main.ts");
}

export async function tokenOf(userId: string): Promise<string> {
  return await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuer(JWT.JWT_ISSUER)
    .setAudience(JWT.JWT_AUDIENCE)
    .setExpirationTime("10m")
    .sign(new TextEncoder().encode(JWT.JWT_SECRET));
}
