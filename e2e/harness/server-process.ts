import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const MAIN = join(import.meta.dirname, "../../apps/server/src/main.ts");
/** As `npm start` does. */
const NODE_FLAGS = ["--max-semi-space-size=2", "--liftoff-only", "--optimize-for-size"];
const NODE_ENVIRONMENT = { MALLOC_ARENA_MAX: "1" };
const READY_WITHIN_MS = 90_000;

/** What the server reads that a test does not set must not come from whoever runs the tests, nor from their `.env`. */
const UNSET = Object.fromEntries(
  [
    "NODE_ENV DATABASE_URL EMULATOR_FAULT_TOKEN PUBLIC_URL ALLOWED_ORIGINS TRUST_FORWARDED STORAGE_ENCRYPTION_KEY LOG_LEVEL HOST DEMO",
    "SPACES_ENDPOINT SPACES_REGION SPACES_BUCKET SPACES_KEY SPACES_SECRET SPACES_CDN_ENDPOINT",
    "SPACES_FORCE_PATH_STYLE SPACES_TWO_HOSTS SPACES_PREPARE JWT_ISSUER JWT_AUDIENCE JWT_SECRET JWT_JWKS_URL JWT_PUBLIC_KEY JWT_ALGORITHMS",
    "JWT_CREATE_USERS METRICS_HOST METRICS_PORT OPERATORS TRUSTED_PROXIES MAX_EVENT_STREAMS MAX_OPEN_UPLOADS RATE_LIMIT_USER_READS RATE_LIMIT_USER_WRITES",
    "RATE_LIMIT_ADDRESS_REQUESTS RATE_LIMIT_ADDRESS_WRITES",
    "DEFAULT_USER_QUOTA_FILES DEFAULT_WORKSPACE_QUOTA_FILES DEFAULT_WORKSPACE_QUOTA_BYTES",
  ]
    .flatMap((names) => names.split(" "))
    .map((name) => [name, ""]),
);

export type ServerSettings = Record<string, string>;

/** The server as people run it: a process of its own, that can be killed at any moment and started again. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #settings: ServerSettings;
  readonly #onOutput: (text: string) => void;
  #child: ChildProcess | undefined;
  #output = "";

  /** @param onOutput Told of everything that it prints; of `output` the beginning is forgotten. */
  constructor(port: number, settings: ServerSettings, onOutput: (text: string) => void = () => undefined) {
    this.url = `http://127.0.0.1:${port}`;
    this.#onOutput = onOutput;
    this.#settings = { ...settings, PORT: String(port) };
  }

  /** @param change Settings for this run alone. */
  async start(change: ServerSettings = {}): Promise<void> {
    // The test runner asks for colours, which Node answers with a warning in the log.
    const env = {
      ...process.env,
      ...NODE_ENVIRONMENT,
      FORCE_COLOR: undefined,
      ...UNSET,
      ...this.#settings,
      ...change,
    };
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-100_000);
        this.#onOutput(text);
      });
    }
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (hasEnded || performance.now() > deadline) {
        await this.kill();
        throw new Error(`The server ${hasEnded ? "ended" : "is not ready"}:\n${this.#output}`);
      }
      await delay(50);
    }
  }

  /** As when the power goes: nothing is finished, nothing is written. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async restart(change: ServerSettings = {}): Promise<void> {
    await this.stop();
    await this.start(change);
  }

  /** @throws If it is not running. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("The server is not running.");
    return pid;
  }

  /** What it printed since it was started. */
  get output(): string {
    return this.#output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }
}
