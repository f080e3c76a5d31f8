import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runQuietly } from "./run-quietly.mjs";

const CEPH = ["ceph", "ceph-authtool", "monmaptool", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin"];

/** What the tests run against, each with the Debian packages that bring it. */
const SERVERS = [
  {
    name: "Chromium",
    packages: ["chromium", "chromium-headless-shell"],
    isThere: () =>
      process.env.CHROMIUM_PATH !== undefined || ["chromium", "chromium-headless-shell"].every(isProgram),
    otherwise: "or set CHROMIUM_PATH to a Chromium or Chrome",
  },
  {
    name: "Ceph RADOS Gateway",
    packages: ["radosgw", "ceph-mon", "ceph-osd"],
    isThere: () => CEPH.every(isProgram),
    otherwise: "on Linux; other systems have no packages of it",
  },
  {
    name: "PostgreSQL 15 or newer",
    packages: ["postgresql"],
    isThere: () => process.env.TEST_POSTGRES_BIN !== undefined || hasPostgres(),
    otherwise: "or set TEST_POSTGRES_BIN to the folder of initdb and postgres",
  },
  {
    name: "ClamAV's clamd",
    packages: ["clamav-daemon"],
    isThere: () => isProgram("clamd"),
    otherwise: "without signatures: the tests bring one",
  },
  {
    name: "nginx",
    packages: ["nginx", "openssl"],
    isThere: () => ["nginx", "openssl"].every(isProgram),
    otherwise: "with its ssl and http_v2 modules",
  },
  {
    name: "systemd-analyze",
    packages: ["systemd"],
    isThere: () => isProgram("systemd-analyze"),
    otherwise: "on Linux",
  },
];

/**
 * Installs the servers that are missing where that is ours to do: as root on Debian.
 *
 * @throws {Error} That says exactly what to install.
 */
export async function ensureServers(say) {
  const missing = SERVERS.filter((server) => !server.isThere());
  if (missing.length === 0) return;
  const packages = missing.flatMap((server) => server.packages);
  if (process.getuid?.() === 0 && isDebian()) {
    say(`Installing ${packages.join(", ")} with apt-get.`);
    await installByApt(packages);
  }
  const stillMissing = missing.filter((server) => !server.isThere());
  if (stillMissing.length > 0) throw new Error(explain(stillMissing));
}

function explain(missing) {
  const lines = missing.map(
    ({ name, packages, otherwise }) => `  ${name}: package ${packages.join(", ")}, ${otherwise}`,
  );
  const all = missing.flatMap(({ packages }) => packages).join(" ");
  return [
    "The tests run against real servers, and some are not installed:",
    ...lines,
    `On Debian: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${all}`,
  ].join("\n");
}

const ATTEMPTS = 3;

/** Package mirrors hiccup: each attempt begins with a fresh list. */
async function installByApt(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_MODE: "a" };
  const options = ["-q", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"];
  const install = ["install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
  for (let attempt = 1; ; attempt++) {
    try {
      await runQuietly("apt-get", [...options, "update"], { env });
      await runQuietly("apt-get", [...options, ...install, ...packages], { env });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * 5000));
    }
  }
}

function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8")) && isProgram("apt-get");
  } catch {
    return false;
  }
}

function isProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function hasPostgres() {
  const folder = "/usr/lib/postgresql";
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some(
    (version) => Number(version) >= 15 && existsSync(`${folder}/${version}/bin/initdb`),
  );
}
