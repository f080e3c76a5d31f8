import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { temporaryDirectory } from "./server-process.ts";

const NAME = "audiotricks-uploads@.service";
const INSTANCE = "./audiotricks-uploads@3001.service";
const unit = readFileSync(join(import.meta.dirname, "../../../deploy/systemd", NAME), "utf8");

/** With the Node of this machine, wherever that is: systemd looks whether it can be run. */
function analyze(directory: string, ...args: string[]): string {
  writeFileSync(join(directory, NAME), unit.replace("/usr/bin/node", process.execPath));
  writeFileSync(join(directory, INSTANCE), unit.replace("/usr/bin/node", process.execPath));
  const { status, stdout, stderr, error } = spawnSync("systemd-analyze", args, {
    cwd: directory,
    encoding: "utf8",
  });
  if (error !== undefined) throw new Error("systemd-analyze is missing: install systemd", { cause: error });
  return `${status} ${stderr}${stdout}`;
}

it("is a unit that systemd understands without a warning", () => {
  using directory = temporaryDirectory();
  expect(analyze(directory.path, "verify", INSTANCE)).toBe("0 ");
});

it("is locked up: systemd counts an exposure of at most 2 of 10", () => {
  using directory = temporaryDirectory();
  const options = ["--offline=true", "--threshold=20", "--no-pager"];
  const told = analyze(directory.path, "security", ...options, INSTANCE);
  expect(told).toMatch(/^0 /);
  expect(told).toMatch(/Overall exposure level for .*: [01]\.\d OK/);
});

it("gives a server more time to stop than that gives itself at most", () => {
  const longest = readConfig({ SHUTDOWN_DELAY_SECONDS: "300" }, "/").shutdownDelayMs / 1000;
  expect(() => readConfig({ SHUTDOWN_DELAY_SECONDS: "301" }, "/")).toThrow("SHUTDOWN_DELAY_SECONDS");
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
  expect(seconds).toBeGreaterThan(longest + 5);
  expect(unit).not.toMatch(/^ExecReload/m);
});

it("sets what the server takes", () => {
  const settings = [...unit.matchAll(/^Environment=(\w+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [
    name,
    value.replace("%i", "3001").replace("%S", "/var/lib"),
  ]);
  const jwt = { JWT_ISSUER: "https://a.example", JWT_AUDIENCE: "a", JWT_SECRET: "s".repeat(32) };
  expect(readConfig({ ...jwt, ...Object.fromEntries(settings) }, "/")).toMatchObject({
    isProduction: true,
    host: "127.0.0.1",
    port: 3001,
    metrics: { host: "127.0.0.1", port: 13_001 },
    dataDir: "/var/lib/audiotricks-uploads-3001",
  });
});
