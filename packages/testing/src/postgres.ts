import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);

export interface TestPostgres extends AsyncDisposable {
  /** Of the superuser's database `postgres`. */
  url: string;
  /** Of the server's programs. */
  bin: string;
  /** The data directory. */
  data: string;
  /** Of its first process now, whose children are all others. */
  readonly pid: number;
  /** Ends it without a checkpoint. SIGKILL also keeps it from ending its sessions: those see for themselves that it is gone. */
  crash(signal: "SIGQUIT" | "SIGKILL"): Promise<void>;
  /** Again after a crash, at the same address and with what was committed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Beside or instead of those that make it fast, such as `synchronous_commit`. */
  settings?: Readonly<Record<string, string>>;
  /** Where its directory is made, by default the one for temporary files. */
  parent?: string;
}

const DEBIAN_ROOT = "/usr/lib/postgresql";
const OLDEST_VERSION = 15;
const INSTALL_HINT =
  "install one with `apt-get install -y --no-install-recommends postgresql`, or set TEST_POSTGRES_BIN to the directory of initdb";
const START_ATTEMPTS = 3;
const RESTART_ATTEMPTS = 100;
const RESTART_PAUSE_MS = 100;
const START_TIMEOUT_MS = 30_000;
/** Of `postmaster.pid`, from 0; in every version since 10. */
const LOCK_FILE_STATE_LINE = 7;

/**
 * Starts a throw-away PostgreSQL on a free loopback port, from `TEST_POSTGRES_BIN` or Debian's newest server. As root it
 * runs as the user `postgres`, since the server refuses root. Nothing survives `stop`, and it ends with this process
 * however that ends.
 *
 * @throws {Error} Says what to install where there is no server.
 */
export async function startPostgres({
  settings = {},
  parent = tmpdir(),
}: PostgresOptions = {}): Promise<TestPostgres> {
  const bin = await findBinaries();
  const user = process.getuid?.() === 0 ? await findServerUser() : undefined;
  const directory = await mkdtemp(join(parent, "at-pg-"));
  try {
    if (user !== undefined) await chown(directory, user.uid, user.gid);
    await chmod(directory, 0o700);
    const data = join(directory, "data");
    const options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
    await run(...asUser(user, [join(bin, "initdb"), "-D", data, ...options]), { cwd: "/" });
    const start = (port?: number) => startServer({ bin, user, directory, settings, port });
    const { port, ...started } = await start();
    let { server } = started;
    const stop = async (): Promise<void> => {
      await end(server);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    };
    return {
      bin,
      data,
      get pid() {
        return server.pid ?? 0;
      },
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      crash: (signal) => end(server, signal),
      restart: async () => {
        await end(server);
        ({ server } = await start(port));
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * Another process may take the port between our looking for it and the server's; and what a killed server leaves behind
 * holds its memory for a moment.
 */
async function startServer(options: {
  bin: string;
  user: ServerUser | undefined;
  directory: string;
  settings: Readonly<Record<string, string>>;
  port: number | undefined;
}): Promise<{ server: ChildProcess; port: number }> {
  const { bin, user, directory } = options;
  const data = join(directory, "data");
  const attempts = options.port === undefined ? START_ATTEMPTS : RESTART_ATTEMPTS;
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const settings = {
      fsync: "off",
      synchronous_commit: "off",
      full_page_writes: "off",
      max_connections: "250",
      listen_addresses: "127.0.0.1",
      unix_socket_directories: directory,
      port: String(port),
      ...options.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const [command, commandArgs] = asUser(
      user,
      [join(bin, "postgres"), "-D", data, ...args],
      // The kernel ends the server when we are gone, even if killed.
      ["--pdeathsig", "QUIT"],
    );
    const server = spawn(command, commandArgs, { cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
    const log = keepLog(server);
    if (await becomesReady(server, data)) return { server, port };
    await end(server);
    if (attempt === attempts) throw new Error(`PostgreSQL did not start:\n${log.join("")}`);
    await delay(RESTART_PAUSE_MS);
  }
}

function keepLog(server: ChildProcess): string[] {
  const log: string[] = [];
  server.on("error", (error) => log.push(`${error.message}\n`));
  server.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log.push(text);
    if (log.length > 200) log.shift();
  });
  return log;
}

/** By the state in its lock file: some distributions come without pg_isready, and this cannot be another server's. */
async function becomesReady(server: ChildProcess, data: string): Promise<boolean> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await delay(50)) {
    if (hasEnded(server)) return false;
    const lockFile = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
    const lines = lockFile.split("\n");
    // One that was killed left its lock file as it was.
    if (Number(lines[0]) !== server.pid) continue;
    if (lines[LOCK_FILE_STATE_LINE]?.trimEnd() === "ready") return !hasEnded(server);
  }
  return false;
}

function hasEnded(server: ChildProcess): boolean {
  return server.pid === undefined || server.exitCode !== null || server.signalCode !== null;
}

/** SIGQUIT: at once, without a checkpoint; nothing here is kept. */
async function end(server: ChildProcess, signal: NodeJS.Signals = "SIGQUIT"): Promise<void> {
  if (hasEnded(server)) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill(signal);
  await ended;
}

/** The command as that user and with those privileges, by util-linux's setpriv, which every Debian has. */
function asUser(
  user: ServerUser | undefined,
  command: [string, ...string[]],
  privileges: string[] = [],
): [string, string[]] {
  if (process.platform !== "linux") return [command[0], command.slice(1)];
  const identity = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  return ["setpriv", [...identity, ...privileges, "--", ...command]];
}

async function findBinaries(): Promise<string> {
  const given = process.env.TEST_POSTGRES_BIN;
  if (given !== undefined) {
    if (await isFile(join(given, "initdb"))) return given;
    throw new Error(`TEST_POSTGRES_BIN is ${given}, which has no initdb in it.`);
  }
  const entries = await readdir(DEBIAN_ROOT).catch(() => []);
  const versions = entries
    .map(Number)
    .filter((version) => version >= OLDEST_VERSION)
    .sort((a, b) => b - a);
  for (const version of versions) {
    const bin = `${DEBIAN_ROOT}/${version}/bin`;
    if (await isFile(`${bin}/initdb`)) return bin;
  }
  throw new Error(
    `There is no PostgreSQL server of version ${OLDEST_VERSION} or newer here: ${INSTALL_HINT}.`,
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function findServerUser(): Promise<ServerUser> {
  const line = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .find((entry) => entry.startsWith("postgres:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(
      "PostgreSQL does not run as root, and there is no user postgres to run it as: add one with `useradd --system postgres`.",
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}
