import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface TestPostgres extends AsyncDisposable {
  /** Of the superuser's database `postgres`. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts a throw-away PostgreSQL on a free loopback port, from Debian's newest server or from `TEST_POSTGRES_BIN`.
 * As root it runs as the user `postgres`, since the server refuses root. Nothing survives `stop`.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = await findBinaries();
  const directory = await mkdtemp(join(tmpdir(), "at-pg-"));
  const asServer = (command: string, args: string[]): [string, string[]] =>
    process.getuid?.() === 0
      ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...args]]
      : [command, args];
  if (process.getuid?.() === 0) await run("chown", ["postgres:postgres", directory]);
  await chmod(directory, 0o700);
  const data = join(directory, "data");
  await run(
    ...asServer(join(bin, "initdb"), [
      "-D",
      data,
      "-U",
      "postgres",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
      "--no-sync",
    ]),
    { cwd: "/" },
  );

  const port = await freePort();
  const settings = {
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    max_connections: "250",
    listen_addresses: "127.0.0.1",
    unix_socket_directories: directory,
    port: String(port),
  };
  const args = [
    "-D",
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const [command, commandArgs] = asServer(join(bin, "postgres"), args);
  const server = spawn(command, commandArgs, { cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
  const log: string[] = [];
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    log.push(text);
    if (log.length > 200) log.shift();
  });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));

  const stop = async (): Promise<void> => {
    // SIGQUIT: at once, without a checkpoint; nothing here is kept.
    if (server.exitCode === null && server.signalCode === null) server.kill("SIGQUIT");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  const isReady = async (): Promise<boolean> =>
    run(join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)]).then(
      () => true,
      () => false,
    );
  for (
    const deadline = Date.now() + 30_000;
    !(await isReady());
    await new Promise((resolve) => setTimeout(resolve, 50))
  ) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`PostgreSQL did not start:\n${log.join("")}`);
    }
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop, [Symbol.asyncDispose]: stop };
}

async function findBinaries(): Promise<string> {
  const given = process.env.TEST_POSTGRES_BIN;
  if (given !== undefined) return given;
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root)
    ? (await readdir(root))
        .map(Number)
        .filter((n) => n >= 15)
        .sort((a, b) => b - a)
    : [];
  const newest = versions.find((version) => existsSync(`${root}/${version}/bin/initdb`));
  if (newest === undefined) {
    throw new Error(
      "No PostgreSQL server (15 or newer) found: apt-get install -y --no-install-recommends postgresql, or set TEST_POSTGRES_BIN to its bin directory.",
    );
  }
  return `${root}/${newest}/bin`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port")),
      );
    });
  });
}
