import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../apps/server/src/main.ts", import.meta.url));
const READY_DEADLINE_MS = 120_000;
const START_AGAIN_AFTER_MS = 500;
const TAIL = 20_000;

/** A companion or a worker: the real server, started again by whoever looks after it, as an orchestrator does. */
export class ServerProcess {
  readonly name: string;
  /** The end of what it said, for whoever looks into a violation. */
  tail = "";
  url: string | undefined;
  readonly #env: Record<string, string>;
  readonly #onLine: (line: string) => void;
  readonly #onOwnEnd: (how: string) => void;
  #child: ChildProcess | undefined;
  #isWanted = false;

  /**
   * @param options.onLine Told of every line of its logs.
   * @param options.onOwnEnd Told when it ended without having been killed, after it had been ready.
   */
  constructor(
    name: string,
    options: { env: Record<string, string>; onLine: (line: string) => void; onOwnEnd: (how: string) => void },
  ) {
    this.name = name;
    this.#env = options.env;
    this.#onLine = options.onLine;
    this.#onOwnEnd = options.onOwnEnd;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Keeps it running from now on; nobody waits until it is ready. */
  start(): void {
    this.#isWanted = true;
    if (this.#child === undefined) this.#spawn();
  }

  async untilReady(): Promise<void> {
    for (const deadline = Date.now() + READY_DEADLINE_MS; this.url === undefined; ) {
      if (Date.now() > deadline) throw new Error(`${this.name} did not become ready:\n${this.tail}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Its process, whatever it is at. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** As an operator stops it. @returns Its exit code, or the signal that ended it. */
  async endCleanly(): Promise<number | string> {
    this.#isWanted = false;
    const child = this.#child;
    if (child === undefined) return "it was not running";
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const [code, signal] = (await ended) as [number | null, string | null];
    return code ?? signal ?? "";
  }

  #spawn(): void {
    // As `npm start` runs it; the kernel ends it when we are gone.
    const flags = ["--max-semi-space-size=2", "--liftoff-only"];
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", process.execPath, ...flags, MAIN], {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let isReady = false;
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.tail = (this.tail + text).slice(-TAIL);
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          this.#onLine(line);
          const url = /^ {2}AudioTricks uploads: (\S+)$/.exec(line)?.[1];
          if (url === undefined || this.#child !== child) continue;
          isReady = true;
          this.url = url;
        }
      });
    }
    child.on("error", (error) => this.#onOwnEnd(error.message));
    child.on("exit", (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.url = undefined;
      if (!this.#isWanted) return;
      if (isReady) this.#onOwnEnd(`${code ?? signal}`);
      setTimeout(() => {
        if (this.#isWanted && this.#child === undefined) this.#spawn();
      }, START_AGAIN_AFTER_MS);
    });
  }
}
