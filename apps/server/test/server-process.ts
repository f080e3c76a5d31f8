import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { prepareEmbeddedDatabase } from "@audiotricks/testing/migrated-pglite";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const START_DEADLINE_MS = 60_000;
/** As `npm start` has it. */
const NODE_FLAGS = ["--liftoff-only"];

/** A process of the real server: what it was told, what it says, how it ends. */
export interface ServerProcess extends AsyncDisposable {
  url: string;
  pid: number;
  /** Until it printed its address. */
  readyAfterMs: number;
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Exit code, or the signal's name. */
  ended: Promise<number | string>;
  fetch(path: string, init?: RequestInit & { token?: string; json?: unknown }): Promise<Response>;
  signIn(user: "alpha" | "beta"): Promise<{ token: string; workspaces: { id: string; name: string }[] }>;
}

/** Empty is unset, and wins over a developer's `.env`. */
const UNSET = [
  "ALLOWED_ORIGINS DATABASE_URL DEMO HOST LOG_LEVEL NODE_ENV PUBLIC_URL STORAGE_ENCRYPTION_KEY TRUST_FORWARDED",
  "DEFAULT_USER_QUOTA_BYTES DEFAULT_USER_QUOTA_FILES DEFAULT_WORKSPACE_QUOTA_BYTES DEFAULT_WORKSPACE_QUOTA_FILES",
  "JWT_ALGORITHMS JWT_AUDIENCE JWT_ISSUER JWT_JWKS_URL JWT_PUBLIC_KEY JWT_SECRET",
  "JWT_CREATE_USERS MAX_EVENT_STREAMS MAX_OPEN_UPLOADS METRICS_HOST METRICS_PORT OPERATORS TRUSTED_PROXIES",
  "RATE_LIMIT_ADDRESS_REQUESTS RATE_LIMIT_ADDRESS_WRITES RATE_LIMIT_USER_READS RATE_LIMIT_USER_WRITES",
  "CLAMD_ADDRESS CLAMD_STREAM_MAX_LENGTH SCAN_REQUIRED SCAN_TOO_LARGE",
  "SERVICE_TOKEN SHUTDOWN_DELAY_SECONDS STORE_REQUEST_SHARE STORE_REQUESTS_PER_SECOND",
  "WEBHOOK_ALLOW_HTTP WEBHOOK_SECRET WEBHOOK_URL",
  "SPACES_BUCKET SPACES_CDN_ENDPOINT SPACES_ENDPOINT SPACES_FORCE_PATH_STYLE SPACES_TWO_HOSTS SPACES_KEY SPACES_PREPARE SPACES_REGION SPACES_SECRET",
].flatMap((names) => names.split(" "));

/** The environment without settings of this machine's own; free ports unless told otherwise. */
export function environment(env: Record<string, string>): Record<string, string> {
  const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;
  const unset = Object.fromEntries(UNSET.map((name) => [name, ""]));
  return { PATH, HOME, NODE_COMPILE_CACHE, ...unset, PORT: "0", EMULATOR_PORT: "0", ...env };
}

function spawnServer(env: Record<string, string>, main = MAIN) {
  return spawn(process.execPath, [...NODE_FLAGS, main], {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** @param options.main Of another release. */
export async function startServerProcess(
  env: Record<string, string>,
  options: { main?: string } = {},
): Promise<ServerProcess> {
  const start = performance.now();
  const child = spawnServer(env, options.main);
  let output = "";
  const { promise: ready, resolve } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const url = /^ {2}AudioTricks uploads: (\S+)$/m.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
  const ended = once(child, "exit").then(
    ([code, signal]: (number | string | null)[]) => code ?? signal ?? "",
  );
  const url = await Promise.race([
    ready,
    ended.then((how) => Promise.reject(new Error(`The server ended (${how}):\n${output}`))),
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`The server did not start:\n${output}`)), START_DEADLINE_MS).unref();
    }),
  ]);
  const readyAfterMs = Math.round(performance.now() - start);

  const server: ServerProcess = {
    url,
    pid: child.pid ?? 0,
    readyAfterMs,
    output: () => output,
    kill: (signal) => child.kill(signal),
    ended,
    fetch: async (path, { token, json, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      if (json !== undefined) headers.set("content-type", "application/json");
      return await fetch(url + path, {
        redirect: "manual",
        ...init,
        headers,
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    },
    signIn: async (user) => {
      const response = await server.fetch("/demo/token", { method: "POST", json: { user } });
      return (await response.json()) as Awaited<ReturnType<ServerProcess["signIn"]>>;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
  return server;
}

/** A server that must refuse to start: its exit code, and what it said. */
export async function refusedStart(
  env: Record<string, string>,
  options: { main?: string } = {},
): Promise<{ code: number; output: string }> {
  const child = spawnServer(env, options.main);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      // It started after all: the test fails on the code.
      if (output.includes("Ctrl-C stops")) child.kill("SIGKILL");
    });
  const [code] = (await once(child, "exit")) as [number | null];
  return { code: code ?? -1, output };
}

/** A server that is told to end while it starts, as soon as `isTime`: how it ended, and how long that took. */
export async function interruptedStart(
  env: Record<string, string>,
  isTime: () => boolean,
): Promise<{ signal: NodeJS.Signals | null; output: string; tookMs: number }> {
  const child = spawnServer(env);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  try {
    while (!isTime() && child.exitCode === null) await delay(5);
    const toldAt = performance.now();
    child.kill("SIGTERM");
    const [, signal] = await ended;
    return { signal, output, tookMs: performance.now() - toldAt };
  } finally {
    child.kill("SIGKILL");
  }
}

/** A directory that is gone after the test. */
export function temporaryDirectory(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "server-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The same, with a database in `data` as a first start leaves it: for tests that are not about the first start. */
export async function usedDirectory(): Promise<Disposable & { path: string }> {
  const directory = temporaryDirectory();
  await prepareEmbeddedDatabase(join(directory.path, "data"));
  return directory;
}
