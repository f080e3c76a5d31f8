import { once } from "node:events";
import { Agent, createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createCompanion, type RequestEntry } from "@audiotricks/companion";
import { createStorage, type Database, type Providers, type Storage } from "@audiotricks/storage";
import { getRequestListener } from "@hono/node-server";
import type { Kysely } from "kysely";
import type { People } from "./people.ts";

/** Often, so that what a test broke off is tidied while it still looks. */
const SWEEP_EVERY_MS = 1000;

type Fetch = (request: Request) => Response | Promise<Response>;

/** How long, and on which routes, something in front of the companion answers in its place. */
export interface Outage {
  /** From 400 to 599; by default 503. */
  status?: number;
  /** What the path begins with, as `/v1/uploads`; by default `/v1/`. */
  path?: string;
  /** How many requests at most; by default all until `heal`. */
  times?: number;
}

interface LocalCompanionOptions {
  db: Kysely<Database>;
  providers: Providers;
  /** The local store's own, where the companion reaches it past the lane. */
  storePort: number;
  people: People;
  allowedOrigins: string[];
  /** Whatever is not the companion's. */
  pages: Fetch;
}

/**
 * A companion in this process, at one port for as long as it lives. Stopped, it resets whoever connects: the port stays
 * taken, since another process could have it by the time the companion comes back.
 */
export class LocalCompanion implements AsyncDisposable {
  /** Past the lane, for what is not the browser's. */
  readonly url: string;
  /** What it answered in this test, the oldest first. */
  readonly requests: RequestEntry[] = [];
  /** Faults of its own in this test. */
  readonly errors: unknown[] = [];
  readonly #options: LocalCompanionOptions;
  readonly #server: Server;
  #running:
    | {
        storage: Storage;
        fetch: Fetch;
        drain: () => void;
        stopSweeps: AbortController;
        sweeps: Promise<void>;
      }
    | undefined;
  #outage: Required<Outage> | undefined;

  private constructor(server: Server, options: LocalCompanionOptions) {
    this.#server = server;
    this.#options = options;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(options: LocalCompanionOptions): Promise<LocalCompanion> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const companion = new LocalCompanion(server, options);
    server.on("connection", (socket) => {
      if (companion.#running === undefined) socket.resetAndDestroy();
    });
    const listener = getRequestListener((request) => companion.#answer(request));
    server.on("request", (request, response) => void listener(request, response));
    companion.start();
    return companion;
  }

  /** As when the process is gone: every connection is reset, nothing new is let in, and leases are left to run out or are let go. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#server.closeAllConnections();
    if (running === undefined) return;
    running.drain();
    running.stopSweeps.abort();
    await running.sweeps;
    await running.storage.close();
  }

  /** Nothing of the run before is left in it but what the database has. */
  start(): void {
    if (this.#running !== undefined) return;
    const { db, providers, storePort, people, allowedOrigins } = this.#options;
    const onError = (error: unknown) => void this.errors.push(error);
    const storage = createStorage({
      db,
      providers,
      onError,
      requestHandler: { httpAgent: agentTo(storePort), connectionTimeout: 5000, requestTimeout: 30_000 },
    });
    const companion = createCompanion({
      storage,
      authenticate: people.authenticate,
      allowedOrigins,
      rateLimits: false,
      onUnexpectedError: onError,
      onRequest: (entry) => void this.requests.push(entry),
    });
    const stopSweeps = new AbortController();
    const sweeps = sweepUntil(stopSweeps.signal, storage, onError);
    this.#running = {
      storage,
      fetch: (request) => companion.fetch(request),
      drain: companion.drain,
      stopSweeps,
      sweeps,
    };
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  /** From now on a proxy answers in its place, as where the companion behind it is overloaded. */
  fail({ status = 503, path = "/v1/", times = Number.POSITIVE_INFINITY }: Outage = {}): void {
    this.#outage = { status, path, times };
  }

  /** Ends what `fail` began, and starts it where it is stopped. */
  heal(): void {
    this.#outage = undefined;
    this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#server.close();
  }

  async #answer(request: Request): Promise<Response> {
    const running = this.#running;
    if (running === undefined) return new Response(null, { status: 503 });
    const { pathname } = new URL(request.url);
    const outage = this.#outage;
    if (outage !== undefined && outage.times > 0 && pathname.startsWith(outage.path)) {
      outage.times -= 1;
      return new Response("The test's proxy answers.\n", { status: outage.status });
    }
    const isCompanions = /^\/(v\d+|s3|s3-token|healthz|readyz|openapi\.json)(\/|$)/.test(pathname);
    return await (isCompanions ? running.fetch(request) : this.#options.pages(request));
  }
}

async function sweepUntil(
  signal: AbortSignal,
  storage: Storage,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await storage.sweep({ signal }).catch(onError);
    await delay(SWEEP_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Leads there whatever address is asked for: URLs are signed for the lane's, and the companion is to reach the store without it. */
function agentTo(port: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  agent.createConnection = () => connect({ port, host: "127.0.0.1" });
  return agent;
}
