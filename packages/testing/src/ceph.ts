import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);

export interface S3Account {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface CephGateway extends AsyncDisposable, S3Account {
  /** Path style. */
  endpoint: string;
  region: "us-east-1";
  /** A second account, to which the first one's buckets are foreign. */
  other: S3Account;
  /** The gateway's process, as whoever kills it needs it; monitor and OSD stay. */
  gatewayPid(): Promise<number | undefined>;
  /** Again after it was killed, at the same address; answers when it does. */
  restartGateway(): Promise<void>;
  /** `radosgw-admin`, as the main account is the user `main`. */
  admin(...args: string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface CephOptions {
  /** More lines for the `[global]` section of ceph.conf, as `rgw_mp_lock_max_time`. */
  settings?: Record<string, string | number>;
}

const PROGRAMS = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool", "monmaptool"];
const PATH = [process.env.PATH ?? "", "/usr/sbin", "/sbin"].join(delimiter);
/** In the order in which they are ended. */
const DAEMONS = ["client.rgw", "osd.0", "mon.a"] as const;

/**
 * Starts a throw-away Ceph RADOS Gateway (monitor, one OSD, gateway) on free loopback ports. One copy of everything:
 * for tests only. Nothing survives `stop`.
 */
export async function startCephGateway({ settings = {} }: CephOptions = {}): Promise<CephGateway> {
  await requirePrograms();
  // Short: the path of a unix socket may have 107 characters.
  const directory = await mkdtemp(join(tmpdir(), "at-ceph-"));
  const conf = join(directory, "ceph.conf");
  const [port, monPort] = [await freePort(), await freePort()];
  const main: S3Account = {
    accessKeyId: "ATMAINKEY00000000001",
    secretAccessKey: randomUUID() + randomUUID(),
  };
  const other: S3Account = {
    accessKeyId: "ATOTHERKEY0000000002",
    secretAccessKey: randomUUID() + randomUUID(),
  };
  const endpoint = `http://127.0.0.1:${port}`;

  const stop = async (): Promise<void> => {
    for (const daemon of DAEMONS) await stopDaemon(join(directory, "run", `${daemon}.pid`), conf);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const name of ["mon", "osd", "rgw", "run", "log"]) await mkdir(join(directory, name));
    await writeFile(conf, configuration(directory, port, monPort, settings));
    await createCluster(directory, conf, monPort);
    for (const [uid, account] of [
      ["main", main],
      ["other", other],
    ] as const) {
      const keys = [`--access-key=${account.accessKeyId}`, `--secret-key=${account.secretAccessKey}`];
      await ceph("radosgw-admin", [
        "-c",
        conf,
        "user",
        "create",
        `--uid=${uid}`,
        `--display-name=${uid}`,
        ...keys,
      ]);
    }
    await ceph("radosgw", ["-c", conf, "-n", "client.rgw"]);
    await untilAnswering(endpoint, directory);
  } catch (error) {
    await stop();
    throw error;
  }
  const gatewayPidFile = join(directory, "run", `${DAEMONS[0]}.pid`);
  return {
    endpoint,
    region: "us-east-1",
    ...main,
    other,
    gatewayPid: () => findDaemon(gatewayPidFile, conf),
    restartGateway: async () => {
      await stopDaemon(gatewayPidFile, conf);
      await ceph("radosgw", ["-c", conf, "-n", DAEMONS[0]]);
      await untilAnswering(endpoint, directory);
    },
    admin: (...args) => ceph("radosgw-admin", ["-c", conf, ...args]),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function createCluster(directory: string, conf: string, monPort: number): Promise<void> {
  const keyring = join(directory, "keyring");
  const fsid = /^fsid = (.+)$/m.exec(await readFile(conf, "utf8"))?.[1] ?? "";
  await ceph("ceph-authtool", [keyring, "--create-keyring"]);
  for (const name of ["mon.", "osd.0", "client.admin", "client.rgw"]) {
    await ceph("ceph-authtool", [
      keyring,
      "--gen-key",
      "-n",
      name,
      "--cap",
      "mon",
      "allow *",
      "--cap",
      "osd",
      "allow *",
    ]);
  }
  const monmap = join(directory, "run", "monmap");
  await ceph("monmaptool", ["--create", "--fsid", fsid, "--addv", "a", `[v2:127.0.0.1:${monPort}]`, monmap]);
  await ceph("ceph-mon", ["-c", conf, "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", keyring]);
  await ceph("ceph-mon", ["-c", conf, "-i", "a"]);
  const osd = randomUUID();
  await ceph("ceph", ["-c", conf, "osd", "new", osd]);
  await ceph("ceph-osd", ["-c", conf, "-i", "0", "--mkfs", "--osd-uuid", osd]);
  await ceph("ceph-osd", ["-c", conf, "-i", "0"]);
}

function configuration(
  directory: string,
  port: number,
  monPort: number,
  settings: Record<string, string | number>,
): string {
  const global = {
    fsid: randomUUID(),
    mon_host: `v2:127.0.0.1:${monPort}`,
    public_addr: "127.0.0.1",
    cluster_addr: "127.0.0.1",
    ms_bind_msgr1: false,
    // Everything inside the directory.
    keyring: join(directory, "keyring"),
    run_dir: join(directory, "run"),
    pid_file: `${join(directory, "run")}/$name.pid`,
    admin_socket: `${join(directory, "run")}/$name.asok`,
    log_file: `${join(directory, "log")}/$name.log`,
    crash_dir: directory,
    mon_cluster_log_to_file: false,
    mon_data: join(directory, "mon"),
    osd_data: join(directory, "osd"),
    rgw_data: join(directory, "rgw"),
    // One copy of everything, few placement groups.
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 4,
    osd_pool_default_pgp_num: 4,
    osd_pool_default_pg_autoscale_mode: "off",
    rgw_rados_pool_pg_num_min: 4,
    osd_crush_chooseleaf_type: 0,
    mon_allow_pool_size_one: true,
    mon_max_pg_per_osd: 1000,
    // Small and quick.
    paxos_propose_interval: 0.05,
    mon_memory_target: "256M",
    mon_data_avail_crit: 1,
    osd_memory_target: "1G",
    osd_memory_target_cgroup_limit_ratio: 0,
    osd_objectstore: "bluestore",
    // A sparse file: it grows with what is written.
    bluestore_block_size: "64G",
    osd_scrub_load_threshold: 0,
    // The gateway. It listens on IPv4 loopback alone and frees deleted bytes within seconds.
    rgw_frontends: `beast endpoint=127.0.0.1:${port}`,
    rgw_dns_name: "localhost",
    rgw_thread_pool_size: 64,
    rgw_gc_obj_min_wait: 2,
    rgw_gc_processor_period: 5,
    ...settings,
  };
  return ["[global]", ...Object.entries(global).map(([name, value]) => `${name} = ${value}`), ""].join("\n");
}

async function untilAnswering(endpoint: string, directory: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(100)) {
    const isUp = await fetch(endpoint).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isUp) return;
  }
  const log = await readFile(join(directory, "log", "client.rgw.log"), "utf8").catch(() => "");
  throw new Error(`The Ceph gateway did not answer within 60 s.\n${log.slice(-2000)}`);
}

/** By pid file, and only if the pid is still that daemon of this directory. */
async function findDaemon(pidFile: string, conf: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  return words.includes(conf) ? pid : undefined;
}

async function stopDaemon(pidFile: string, conf: string): Promise<void> {
  const pid = await findDaemon(pidFile, conf);
  if (pid === undefined) return;
  // What is in it is thrown away: no need to let it flush.
  process.kill(pid, "SIGKILL");
  for (let i = 0; i < 100 && (await findDaemon(pidFile, conf)) !== undefined; i++) await delay(50);
}

async function ceph(program: string, args: string[]): Promise<void> {
  const { CEPH_ARGS: _args, CEPH_CONF: _conf, CEPH_KEYRING: _keyring, ...env } = process.env;
  await run(program, args, { env: { ...env, PATH }, timeout: 60_000 });
}

async function requirePrograms(): Promise<void> {
  const missing: string[] = [];
  for (const program of PROGRAMS) {
    const found = await Promise.any(
      PATH.split(delimiter).map((path) => access(join(path, program), constants.X_OK)),
    ).then(
      () => true,
      () => false,
    );
    if (!found) missing.push(program);
  }
  if (missing.length > 0) {
    throw new Error(
      `Missing: ${missing.join(", ")}. On Debian: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd`,
    );
  }
}
